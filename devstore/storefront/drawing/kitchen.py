"""Objects of the kitchen, standing on the table line at y = 645 around x = 400."""

from __future__ import annotations

from devstore.storefront.drawing.palette import Palette


def mug(c: Palette) -> str:
    return (
        f'<path d="M515 440h45a62 62 0 0 1 0 140h-50" fill="none" stroke="{c.dark}" stroke-width="26"/>'
        f'<path d="M270 385h250v200a60 60 0 0 1-60 60H330a60 60 0 0 1-60-60z" fill="{c.main}"/>'
        f'<path d="M270 520h250v65a60 60 0 0 1-60 60H330a60 60 0 0 1-60-60z" fill="{c.dark}" opacity=".5"/>'
        f'<ellipse cx="395" cy="385" rx="125" ry="26" fill="{c.light}"/>'
        f'<ellipse cx="395" cy="390" rx="104" ry="18" fill="{c.ink}" opacity=".55"/>'
        f'<path d="M355 330c-20-30 20-40 0-75M425 330c-20-30 20-40 0-75" fill="none" stroke="{c.ink}" '
        'stroke-width="7" opacity=".16"/>'
    )


def jar(c: Palette) -> str:
    return (
        f'<rect x="290" y="330" width="220" height="315" rx="38" fill="{c.light}" opacity=".85"/>'
        f'<rect x="290" y="440" width="220" height="205" rx="38" fill="{c.main}"/>'
        f'<rect x="278" y="282" width="244" height="60" rx="14" fill="{c.accent}"/>'
        f'<rect x="278" y="322" width="244" height="20" rx="8" fill="{c.ink}" opacity=".16"/>'
        f'<rect x="335" y="480" width="130" height="86" rx="8" fill="#fffdf8"/>'
        f'<path d="M357 512h86M357 535h54" stroke="{c.ink}" stroke-width="7" opacity=".45"/>'
        '<path d="M312 370v230" stroke="#fff" stroke-width="10" opacity=".5"/>'
    )


def bottle(c: Palette) -> str:
    return (
        '<path d="M365 235h70v85c0 30 65 40 65 110v175a40 40 0 0 1-40 40H340a40 40 0 0 1-40-40V430c0-70 '
        '65-80 65-110z" '
        f'fill="{c.main}"/>'
        f'<path d="M300 470h200v135a40 40 0 0 1-40 40H340a40 40 0 0 1-40-40z" fill="{c.dark}" opacity=".45"/>'
        f'<rect x="352" y="190" width="96" height="62" rx="10" fill="{c.accent}"/>'
        f'<rect x="325" y="455" width="150" height="120" rx="6" fill="#fffdf8"/>'
        f'<path d="M350 495h100M350 520h70M350 545h84" stroke="{c.ink}" stroke-width="6" opacity=".4"/>'
        '<path d="M322 440v160" stroke="#fff" stroke-width="9" opacity=".4"/>'
    )


def bowl(c: Palette) -> str:
    return (
        f'<path d="M215 430h370c0 130-90 200-145 212H360C305 630 215 560 215 430z" fill="{c.main}"/>'
        f'<path d="M238 505c30 85 85 127 122 137h80c37-10 92-52 122-137z" fill="{c.dark}" opacity=".45"/>'
        f'<ellipse cx="400" cy="430" rx="185" ry="40" fill="{c.light}"/>'
        f'<ellipse cx="400" cy="436" rx="160" ry="29" fill="{c.dark}" opacity=".55"/>'
    )


def board(c: Palette) -> str:
    return (
        '<path d="M300 300a100 60 0 0 1 75-40v-55a25 25 0 0 1 50 0v55a100 60 0 0 1 75 40v305a40 40 0 0 1-40 '
        "40H340a40 "
        f'40 0 0 1-40-40z" fill="{c.main}"/>'
        f'<circle cx="400" cy="212" r="11" fill="{c.wall}"/>'
        f'<path d="M330 320c20 90-15 190 5 300M380 290c25 110-15 230 8 350M440 300c-20 100 25 220-5 335" fill="none" '
        f'stroke="{c.dark}" stroke-width="6" opacity=".5"/>'
    )


def box(c: Palette) -> str:
    return (
        f'<rect x="250" y="400" width="300" height="245" rx="14" fill="{c.main}"/>'
        f'<rect x="250" y="520" width="300" height="125" rx="14" fill="{c.dark}" opacity=".35"/>'
        f'<rect x="234" y="350" width="332" height="80" rx="12" fill="{c.light}"/>'
        f'<rect x="380" y="350" width="40" height="295" fill="{c.accent}"/>'
        f'<path d="M400 350c-30-70-110-60-90-15 10 20 60 20 90 15zm0 0c30-70 110-60 90-15-10 20-60 20-90 15z" '
        f'fill="none" stroke="{c.accent}" stroke-width="16"/>'
    )


def cake(c: Palette) -> str:
    return (
        f'<rect x="388" y="530" width="24" height="90" fill="{c.dark}"/>'
        f'<ellipse cx="400" cy="632" rx="100" ry="16" fill="{c.dark}"/>'
        f'<ellipse cx="400" cy="535" rx="215" ry="26" fill="{c.light}"/>'
        f'<rect x="265" y="400" width="270" height="125" rx="24" fill="{c.main}"/>'
        '<path d="M265 430c0-40 20-50 60-50h150c40 0 60 10 60 50-20 40-45 0-68 30s-45-10-67 10-45 10-67-5-45 '
        '15-68-35z" '
        f'fill="{c.accent}"/>'
        f'<circle cx="400" cy="365" r="20" fill="{c.dark}"/>'
    )


def spoon(c: Palette) -> str:
    return (
        f'<g transform="rotate(14 400 420)"><rect x="388" y="350" width="24" height="290" rx="12" fill="{c.main}"/>'
        f'<ellipse cx="400" cy="285" rx="58" ry="85" fill="{c.main}"/>'
        f'<ellipse cx="400" cy="290" rx="38" ry="60" fill="{c.dark}" opacity=".5"/></g>'
        f'<g transform="rotate(-14 330 440)"><rect x="308" y="380" width="22" height="260" rx="11" fill="{c.dark}"/>'
        f'<rect x="277" y="235" width="84" height="150" rx="18" fill="{c.dark}"/>'
        f'<path d="M303 260v95M335 260v95" stroke="{c.wall}" stroke-width="9"/></g>'
    )


def dripper(c: Palette) -> str:
    return (
        f'<path d="M245 330h310L460 505H340z" fill="{c.main}"/>'
        f'<path d="M292 418h216l-48 87H340z" fill="{c.dark}" opacity=".4"/>'
        f'<ellipse cx="400" cy="330" rx="155" ry="28" fill="{c.light}"/>'
        f'<ellipse cx="400" cy="335" rx="130" ry="19" fill="{c.ink}" opacity=".5"/>'
        f'<rect x="270" y="505" width="260" height="22" rx="11" fill="{c.dark}"/>'
        f'<path d="M318 527h164v78a40 40 0 0 1-40 40h-84a40 40 0 0 1-40-40z" fill="{c.light}" opacity=".9"/>'
        f'<path d="M318 575h164v30a40 40 0 0 1-40 40h-84a40 40 0 0 1-40-40z" fill="{c.ink}" opacity=".45"/>'
    )
