"""Names of the countries that the worlds sell to; an unknown code stands for itself."""

from __future__ import annotations

NAMES = {
    "GB": "United Kingdom", "IE": "Ireland", "DE": "Germany", "FR": "France", "NL": "Netherlands", "BE": "Belgium",
    "ES": "Spain", "PT": "Portugal", "IT": "Italy", "CH": "Switzerland", "AT": "Austria", "DK": "Denmark",
    "SE": "Sweden", "NO": "Norway", "FI": "Finland", "PL": "Poland", "CZ": "Czech Republic", "GR": "Greece",
    "CY": "Cyprus", "MT": "Malta", "LT": "Lithuania", "IS": "Iceland", "US": "United States", "CA": "Canada",
    "BR": "Brazil", "AU": "Australia", "JP": "Japan", "SG": "Singapore", "HK": "Hong Kong", "IL": "Israel",
    "JE": "Jersey", "BM": "Bermuda", "KR": "South Korea", "TH": "Thailand", "NG": "Nigeria",
    "AE": "United Arab Emirates", "SA": "Saudi Arabia", "BH": "Bahrain", "LB": "Lebanon", "ZA": "South Africa",
}  # fmt: skip


def name(code: str) -> str:
    return NAMES.get(code, code)
