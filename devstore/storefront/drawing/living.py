"""Objects of bath, living room and garden, standing on the table line at y = 645 around x = 400."""

from __future__ import annotations

from devstore.storefront.drawing.palette import Palette


def candle(c: Palette) -> str:
    return (
        '<circle cx="400" cy="268" r="95" fill="#fff3c9" opacity=".65"/>'
        f'<path d="M400 355v-50" stroke="{c.ink}" stroke-width="7"/>'
        '<path d="M400 215c34 42 30 92 0 96-30-4-34-54 0-96z" fill="#e9a23b"/>'
        '<path d="M400 258c15 20 13 46 0 50-13-4-15-30 0-50z" fill="#fff3c9"/>'
        f'<rect x="300" y="350" width="200" height="295" rx="26" fill="{c.main}"/>'
        f'<ellipse cx="400" cy="362" rx="100" ry="19" fill="{c.light}"/>'
        f'<rect x="330" y="455" width="140" height="105" rx="6" fill="#fffdf8"/>'
        f'<path d="M352 490h96M352 516h60" stroke="{c.ink}" stroke-width="6" opacity=".4"/>'
    )


def cushion(c: Palette) -> str:
    return (
        '<path d="M215 375c60 15 310 15 370 0-12 70-12 190 0 270-60-15-310-15-370 0 12-80 12-200 0-270z" '
        f'fill="{c.main}"/>'
        f'<path d="M262 430l276 180M262 610l276-180M225 515h350M400 388v245" stroke="{c.light}" '
        'stroke-width="9" opacity=".7"/>'
        f'<circle cx="400" cy="518" r="14" fill="{c.dark}"/>'
    )


def towel(c: Palette) -> str:
    return (
        f'<rect x="232" y="560" width="336" height="85" rx="40" fill="{c.dark}"/>'
        f'<rect x="222" y="478" width="356" height="90" rx="42" fill="{c.main}"/>'
        f'<rect x="240" y="398" width="320" height="88" rx="42" fill="{c.light}"/>'
        f'<path d="M300 400v84M322 400v84" stroke="{c.accent}" stroke-width="9"/>'
        f'<path d="M500 480v86M520 480v86" stroke="{c.light}" stroke-width="8"/>'
        f'<path d="M300 562v82M320 562v82" stroke="{c.accent}" stroke-width="8" opacity=".8"/>'
    )


def basket(c: Palette) -> str:
    weave = "".join(
        f'<path d="M{x} 440l{(x - 400) // -9} 205" stroke="{c.dark}" stroke-width="6"/>' for x in range(250, 560, 50)
    )
    return (
        f'<path d="M290 440c0-190 220-190 220 0" fill="none" stroke="{c.dark}" stroke-width="20"/>'
        f'<path d="M215 440h370l-40 180a32 32 0 0 1-32 25H287a32 32 0 0 1-32-25z" fill="{c.main}"/>{weave}'
        f'<path d="M225 500h350M240 565h320" stroke="{c.light}" stroke-width="10"/>'
        f'<rect x="205" y="420" width="390" height="40" rx="20" fill="{c.light}"/>'
    )


def plant(c: Palette) -> str:
    leaf = '<path d="M400 470c-{0} -40 -{1} -130 -{2} -190 70 30 {3} 110 {3} 190z" fill="{4}"/>'
    return (
        leaf.format(80, 120, 110, 115, "#7d9a72") + '<g transform="translate(800 0) scale(-1 1)">'
        + leaf.format(80, 120, 110, 115, "#6a8861") + '</g>'
        '<path d="M400 480c-50-70-50-190 0-270 50 80 50 200 0 270z" fill="#8fae83"/>'
        '<path d="M400 470V260" stroke="#5c7854" stroke-width="5"/>'
        f'<path d="M285 490h230l-26 130a30 30 0 0 1-30 25H341a30 30 0 0 1-30-25z" fill="{c.main}"/>'
        f'<rect x="268" y="462" width="264" height="48" rx="12" fill="{c.light}"/>'
        f'<path d="M300 560h200" stroke="{c.dark}" stroke-width="10" opacity=".5"/>'
    )  # fmt: skip


def can(c: Palette) -> str:
    return (
        f'<path d="M290 520L170 350" stroke="{c.dark}" stroke-width="26"/>'
        f'<path d="M135 375l70-52" stroke="{c.light}" stroke-width="26"/>'
        f'<path d="M500 440c130-20 130 150 0 150" fill="none" stroke="{c.dark}" stroke-width="22"/>'
        f'<path d="M320 400c0-110 160-110 160 0" fill="none" stroke="{c.dark}" stroke-width="18"/>'
        f'<path d="M285 400h230l20 245H265z" fill="{c.main}"/>'
        f'<path d="M275 520h250l10 125H265z" fill="{c.dark}" opacity=".35"/>'
        f'<ellipse cx="400" cy="400" rx="115" ry="20" fill="{c.light}"/>'
    )


def soap(c: Palette) -> str:
    return (
        f'<rect x="225" y="598" width="350" height="30" rx="10" fill="{c.dark}"/>'
        f'<rect x="250" y="625" width="40" height="20" fill="{c.dark}"/><rect x="510" y="625" width="40" '
        f'height="20" fill="{c.dark}"/>'
        f'<rect x="265" y="468" width="270" height="130" rx="46" fill="{c.main}"/>'
        f'<rect x="292" y="488" width="216" height="72" rx="30" fill="{c.light}"/>'
        f'<path d="M350 524h100" stroke="{c.dark}" stroke-width="9" opacity=".6"/>'
        '<g fill="#fff" opacity=".8"><circle cx="520" cy="430" r="26"/><circle cx="565" cy="385" r="15"/>'
        '<circle cx="475" cy="392" r="12"/></g>'
    )


def brush(c: Palette) -> str:
    bristles = "".join(f'<path d="M{x} 250v52" stroke="{c.accent}" stroke-width="11"/>' for x in range(300, 400, 16))
    return (
        f'<g transform="rotate(18 400 420)">{bristles}'
        f'<path d="M285 300h118c40 0 60 20 90 20h150a17 17 0 0 1 0 34H480c-40 0-50 16-90 16H285a35 35 0 0 1 0-70z" '
        f'fill="{c.main}"/></g>'
        f'<path d="M300 470h200v140a35 35 0 0 1-35 35H335a35 35 0 0 1-35-35z" fill="{c.light}"/>'
        f'<path d="M300 545h200v65a35 35 0 0 1-35 35H335a35 35 0 0 1-35-35z" fill="{c.dark}" opacity=".4"/>'
    )


def bag(c: Palette) -> str:
    return (
        f'<path d="M320 400c0-150 160-150 160 0" fill="none" stroke="{c.dark}" stroke-width="18"/>'
        f'<path d="M245 385h310l22 238a20 20 0 0 1-20 22H243a20 20 0 0 1-20-22z" fill="{c.main}"/>'
        f'<path d="M230 545h340l7 78a20 20 0 0 1-20 22H243a20 20 0 0 1-20-22z" fill="{c.dark}" opacity=".3"/>'
        f'<g fill="{c.accent}"><circle cx="310" cy="460" r="17"/><circle cx="400" cy="460" r="17"/><circle '
        'cx="490" cy="460" r="17"/>'
        '<circle cx="355" cy="525" r="17"/><circle cx="445" cy="525" r="17"/><circle cx="310" cy="592" r="17"/>'
        '<circle cx="400" cy="592" r="17"/><circle cx="490" cy="592" r="17"/></g>'
    )


def lamp(c: Palette) -> str:
    return (
        '<circle cx="400" cy="400" r="190" fill="#fff3c9" opacity=".5"/>'
        f'<path d="M320 255h160l75 190H245z" fill="{c.main}"/><path d="M245 445h310l-14-36H259z" fill="{c.light}"/>'
        f'<rect x="388" y="445" width="24" height="180" fill="{c.dark}"/>'
        f'<rect x="315" y="618" width="170" height="27" rx="13" fill="{c.dark}"/>'
    )


def heart(c: Palette) -> str:
    return (
        f'<path d="M400 170v170" stroke="{c.ink}" '
        'stroke-width="6" opacity=".5"/>'
        '<path d="M400 620C200 500 210 330 310 325c50 0 80 35 90 65 10-30 40-65 90-65 100 5 110 175-90 295z" '
        f'fill="{c.main}"/>'
        f'<path d="M400 575C255 480 260 370 320 365" fill="none" stroke="{c.light}" stroke-width="12"/>'
        f'<circle cx="400" cy="345" r="15" fill="{c.accent}"/>'
    )


def frame(c: Palette) -> str:
    return (
        f'<rect x="255" y="240" width="290" height="390" rx="8" fill="{c.dark}"/>'
        '<rect x="282" y="267" width="236" height="336" fill="#fffdf8"/>'
        f'<rect x="318" y="310" width="164" height="250" fill="{c.light}"/>'
        f'<path d="M318 560l60-110 45 60 25-35 34 85z" fill="{c.main}"/><circle cx="440" cy="370" r="26" '
        f'fill="{c.accent}"/>'
    )


def clock(c: Palette) -> str:
    return (
        f'<path d="M315 600l-30 45M485 600l30 45" stroke="{c.dark}" stroke-width="22"/>'
        f'<circle cx="400" cy="455" r="175" fill="{c.main}"/><circle cx="400" cy="455" r="140" fill="#fffdf8"/>'
        f'<path d="M400 455V355M400 455l68 40" stroke="{c.ink}" stroke-width="12"/>'
        f'<g stroke="{c.dark}" stroke-width="9"><path d="M400 330v16M400 564v16M275 455h16M509 455h16"/></g>'
        f'<circle cx="400" cy="455" r="12" fill="{c.dark}"/>'
    )


def card(c: Palette) -> str:
    return (
        f'<rect x="205" y="360" width="390" height="250" rx="22" fill="{c.main}" transform="rotate(-5 400 485)"/>'
        f'<rect x="215" y="375" width="390" height="250" rx="22" fill="{c.light}"/>'
        f'<rect x="300" y="375" width="46" height="250" fill="{c.accent}"/>'
        f'<path d="M323 440c-70-90-120 0-10 8zM323 440c70-90 120 0 10 8z" fill="{c.accent}"/>'
        f'<path d="M400 540h150M400 575h95" stroke="{c.dark}" stroke-width="12" opacity=".7"/>'
    )


def bunting(c: Palette) -> str:
    tints = (c.main, c.accent, c.dark, c.light, c.main)
    flags = "".join(
        f'<path d="M{130 + n * 112} {322 + drop}l92 4-48 130z" fill="{tints[n]}"/>'
        for n, drop in enumerate((0, 34, 44, 34, 0))
    )
    string = f'<path d="M60 280c180 120 500 120 680 0" fill="none" stroke="{c.ink}" stroke-width="8" opacity=".6"/>'
    return string + flags


def house(c: Palette) -> str:
    return (
        f'<rect x="270" y="390" width="260" height="255" fill="{c.main}"/><path d="M235 410L400 240l165 170z" '
        f'fill="{c.dark}"/>'
        f'<circle cx="400" cy="470" r="42" fill="{c.ink}" opacity=".75"/>'
        f'<path d="M400 545v40" stroke="{c.dark}" stroke-width="14"/>'
        f'<path d="M270 600h260" stroke="{c.light}" stroke-width="8"/>'
    )


def vase(c: Palette) -> str:
    return (
        f'<path d="M372 330c-30-70-60-90-70-150M400 330c0-80 10-120 5-190M425 330c25-60 60-80 75-130" fill="none" '
        'stroke="#6a8861" stroke-width="7"/>'
        f'<g fill="{c.accent}"><circle cx="300" cy="172" r="30"/><circle cx="404" cy="132" r="34"/><circle '
        'cx="502" cy="192" r="28"/></g>'
        '<path d="M350 325h100c0 60 75 90 75 190 0 85-55 130-85 130h-80c-30 0-85-45-85-130 0-100 75-130 '
        f'75-190z" fill="{c.main}"/>'
        f'<path d="M277 500c40 24 206 24 246 0 8 90-48 145-83 145h-80c-35 0-91-55-83-145z" fill="{c.dark}" '
        'opacity=".35"/>'
    )


def roll(c: Palette) -> str:
    return (
        f'<rect x="235" y="505" width="330" height="140" rx="70" fill="{c.main}"/>'
        f'<circle cx="305" cy="575" r="70" fill="{c.light}"/><circle cx="305" cy="575" r="45" fill="none" '
        f'stroke="{c.dark}" '
        f'stroke-width="9"/><circle cx="305" cy="575" r="20" fill="{c.dark}"/>'
        f'<path d="M450 507v136M475 507v136" stroke="{c.accent}" stroke-width="12"/>'
        f'<rect x="290" y="405" width="250" height="100" rx="50" fill="{c.dark}"/><circle cx="342" cy="455" '
        f'r="50" fill="{c.main}"/>'
        f'<circle cx="342" cy="455" r="26" fill="none" stroke="{c.light}" stroke-width="8"/>'
    )


def trowel(c: Palette) -> str:
    return (
        f'<g transform="rotate(24 400 430)"><rect x="376" y="190" width="48" height="190" rx="24" fill="{c.main}"/>'
        f'<rect x="391" y="370" width="18" height="70" fill="#8b9296"/>'
        '<path d="M335 430c40-14 90-14 130 0l-12 130c-8 50-30 80-53 95-23-15-45-45-53-95z" fill="#aab1b5"/>'
        '<path d="M400 440v190" stroke="#8b9296" stroke-width="7"/>'
        f'<circle cx="400" cy="216" r="8" fill="{c.dark}"/></g>'
    )
