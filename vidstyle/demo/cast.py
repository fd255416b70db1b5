"""Who passes by: a tram, a child with a red balloon, a lamp post, a cat."""

import math

from vidstyle.demo.painting import Canvas, Colour, Layer, Number, Point, times
from vidstyle.demo.town import GLASS, LAMPLIGHT, TRIM

RED: Colour = (0.86, 0.16, 0.16)
SKIN: Colour = (0.93, 0.74, 0.60)
INK: Colour = (0.16, 0.15, 0.19)
STRING: Colour = (0.90, 0.88, 0.84)
COAT: Colour = (0.95, 0.75, 0.22)


def tram() -> Layer:
    """A tram, 300 x 150; its wheels stand on y = 0 and its left end is x = 0."""
    canvas = Canvas(316, 176, left=-8, top=-166)
    canvas.ellipse((150, -3), (146, 7), (0.05, 0.05, 0.08), opacity=0.5)
    canvas.stroke([(150, -132), (128, -148), (156, -162)], 2.2, INK)
    canvas.box(120, -165, 66, 2.5, INK)
    body: Colour = (0.74, 0.20, 0.17)
    cream: Colour = (0.94, 0.88, 0.72)
    canvas.fill([(6, -132), (18, -141), (282, -141), (294, -132)], (0.45, 0.43, 0.42), fall=0.1)
    canvas.fill(
        [(0, -126), (8, -134), (292, -134), (300, -126), (300, -16), (292, -10), (8, -10), (0, -16)], cream, fall=0.05
    )
    canvas.fill([(0, -66), (300, -66), (300, -16), (292, -10), (8, -10), (0, -16)], body, fall=0.16, texture=0.07)
    canvas.box(0, -69, 300, 3, (0.80, 0.62, 0.28))
    canvas.box(8, -20, 284, 1.5, times(body, 0.65))
    canvas.box(112, -48, 76, 12, cream)
    for number in range(9):
        canvas.box(118 + number * 7.5, -45, 4, 6, times(body, 0.8))
    for number in range(6):
        _tram_window(canvas, 16 + number * 46, number)
    canvas.ellipse((6, -36), (4, 5), LAMPLIGHT)
    canvas.ellipse((294, -36), (4, 5), (0.7, 0.2, 0.15))
    for centre in (52, 82, 218, 248):
        canvas.ellipse((centre, -8), (11, 11), INK)
        canvas.ellipse((centre, -8), (7, 7), (0.48, 0.46, 0.46))
        canvas.ellipse((centre, -8), (2.5, 2.5), INK)
    canvas.box(36, -14, 62, 6, times(INK, 1.4))
    canvas.box(202, -14, 62, 6, times(INK, 1.4))
    return canvas.dry()


def _tram_window(canvas: Canvas, left: Number, number: int) -> None:
    canvas.box(left - 2, -122, 42, 48, times(TRIM, 0.78))
    canvas.box(left, -120, 38, 44, GLASS, fall=0.2)
    coat = [(0.32, 0.42, 0.55), (0.62, 0.36, 0.32), (0.42, 0.5, 0.36), (0.56, 0.46, 0.6)][number % 4]
    if number % 3 != 1:
        middle = left + 14 + (number * 7) % 12
        canvas.ellipse((middle, -79), (11, 10), coat)
        canvas.box(left - 2, -76, 42, 7, (0.94, 0.88, 0.72))
        canvas.ellipse((middle, -96), (7, 8.5), SKIN)
        canvas.ellipse((middle + 1, -101), (7.5, 5.5), times((0.42, 0.28, 0.18), 0.8 + 0.2 * (number % 2)))
    canvas.fill([(left, -90), (left + 26, -120), (left + 37, -120), (left, -77)], (0.85, 0.92, 0.95), opacity=0.20)


def limb(hip: Point, upper: Number, lower: Number, swing: Number, bend: Number) -> list[Point]:
    """Hip, knee and foot of a leg (or shoulder, elbow, hand); angles in radians from straight down, forward = right."""
    knee = (hip[0] + upper * math.sin(swing), hip[1] + upper * math.cos(swing))
    angle = swing - bend
    return [hip, knee, (knee[0] + lower * math.sin(angle), knee[1] + lower * math.cos(angle))]


def walker(stride: Number, balloon: Point) -> Layer:
    """A child in a yellow coat walking right, feet on y = 0 at x = 0, a balloon's string in the hand.

    Convention: `stride` counts steps of both feet, one whole cycle a unit; `balloon` is where the string ends.
    """
    canvas = Canvas(120, 230, left=-50, top=-222)
    turn = 2 * math.pi * stride
    bob = -1.6 * abs(math.sin(turn))
    hip, shoulder = (0.0, -38.0 + bob), (1.5, -64.0 + bob)
    for phase, tone in ((math.pi, 0.7), (0.0, 1.0)):
        swing = 0.55 * math.sin(turn + phase)
        bend = 0.75 * max(0.0, math.cos(turn + phase)) + 0.08
        leg = limb(hip, 18, 18, swing, bend)
        if phase:
            back = limb(shoulder, 13, 12, -0.5 * math.sin(turn), -0.35)
            canvas.stroke(back, 7, times(COAT, 0.72))
            canvas.ellipse(back[2], (3.2, 3.2), times(SKIN, 0.85))
        canvas.stroke(leg, 7.5, times((0.29, 0.36, 0.52), tone))
        foot = leg[2]
        canvas.stroke([(foot[0], foot[1] - 8), (foot[0], foot[1] - 2)], 8.5, times((0.62, 0.20, 0.18), tone))
        canvas.ellipse((foot[0] + 3, foot[1] - 1), (7, 3.6), times((0.62, 0.20, 0.18), tone))
    x, y = shoulder
    canvas.fill([(x - 8, y - 3), (x + 8, y - 3), (x + 15, y + 36), (x - 15, y + 36)], COAT, fall=0.10)
    canvas.fill([(x - 8, y - 3), (x - 1, y - 3), (x - 5, y + 36), (x - 15, y + 36)], times(COAT, 0.82), opacity=0.7)
    for button in (6, 15, 24):
        canvas.ellipse((x + 4 + button * 0.1, y + button), (1.4, 1.4), times(COAT, 0.5))
    head = (x + 2, y - 14)
    canvas.ellipse(head, (10.5, 11), SKIN, fall=0.05)
    canvas.ellipse((head[0] - 3, head[1] - 3), (10, 10), (0.38, 0.23, 0.15))
    canvas.ellipse((head[0] + 3, head[1] + 2), (7.5, 8), SKIN)
    canvas.ellipse((head[0] + 6, head[1] + 1), (1.2, 1.6), INK)
    canvas.ellipse((head[0] + 3.5, head[1] + 5), (2.4, 1.5), (0.93, 0.55, 0.50), opacity=0.6)
    canvas.ellipse((head[0] - 0.5, head[1] - 8), (11, 6.5), (0.25, 0.45, 0.55), fall=0.15)
    canvas.ellipse((head[0] - 1, head[1] - 15), (3, 3), TRIM)
    hand = (x + 17, y + 2)
    canvas.stroke(_hanging(hand, balloon), 0.9, STRING)
    canvas.stroke([(x + 2, y + 2), (x + 10, y + 11), hand], 7.5, times(COAT, 0.93))
    canvas.ellipse(hand, (3.4, 3.4), SKIN)
    return canvas.dry()


def _hanging(start: Point, stop: Point) -> list[Point]:
    shares = [step / 10 for step in range(11)]
    bow = 5.0
    return [
        (
            start[0] + (stop[0] - start[0]) * share + bow * math.sin(math.pi * share),
            start[1] + (stop[1] - start[1]) * share,
        )
        for share in shares
    ]


def string(length: Number, sway: Number) -> Layer:
    """A balloon's loose string, hanging from (0, 0); `sway`, about -1..1, says how it swings."""
    canvas = Canvas(80, length + 8, left=-40, top=-4)
    shares = [step / 24 for step in range(25)]
    canvas.stroke([(16 * sway * share * math.sin(7 * share - sway), length * share) for share in shares], 1.3, STRING)
    return canvas.dry()


def balloon(radius: Number, *, tint: Colour = (1, 1, 1)) -> Layer:
    """A red balloon, its knot at (0, 0)."""
    reach = radius * 1.3
    canvas = Canvas(2 * reach, 2.6 * radius, left=-reach, top=-2.45 * radius, tint=tint)
    lift = -1.2 * radius
    canvas.fill([(-0.11 * radius, 0.04 * radius), (0, -0.14 * radius), (0.11 * radius, 0.04 * radius)], times(RED, 0.7))
    for step in range(14):
        share = step / 13
        colour = (0.60 + 0.34 * share, 0.09 + 0.15 * share, 0.12 + 0.10 * share)
        shrink = 1 - 0.62 * share
        canvas.ellipse(
            (-0.24 * radius * share, lift - 0.28 * radius * share),
            (radius * shrink, 1.14 * radius * shrink),
            colour,
            texture=0.02,
        )
    canvas.ellipse(
        (-0.38 * radius, lift - 0.52 * radius), (0.13 * radius, 0.24 * radius), (1, 0.86, 0.82), turn=0.5, opacity=0.85
    )
    canvas.ellipse(
        (0.42 * radius, lift + 0.5 * radius), (0.10 * radius, 0.26 * radius), (1, 0.55, 0.45), turn=0.7, opacity=0.35
    )
    return canvas.dry()


def lamp_post(*, lit: bool = False) -> Layer:
    """A street lantern 250 tall; its foot is (0, 0)."""
    canvas = Canvas(120, 266, left=-60, top=-262)
    iron: Colour = (0.17, 0.20, 0.22)
    if lit:
        canvas.glow((0, -226), 58, LAMPLIGHT, 0.75)
    canvas.fill([(-9, 0), (-6, -26), (6, -26), (9, 0)], iron, fall=0.1)
    canvas.box(-3, -204, 6, 180, iron, texture=0.1)
    canvas.box(-1.6, -204, 1.2, 180, times(iron, 2.2), opacity=0.6)
    for ring in (-30, -110, -198):
        canvas.ellipse((0, ring), (6, 3), times(iron, 1.2))
    canvas.stroke([(-20, -184), (20, -184)], 3, iron)
    canvas.fill([(-9, -208), (-14, -238), (14, -238), (9, -208)], LAMPLIGHT if lit else (0.80, 0.84, 0.80), glows=lit)
    for edge in (-11.5, 0, 11.5):
        canvas.stroke([(edge * 0.75, -207), (edge, -239)], 1.8, iron)
    canvas.fill([(-17, -237), (-5, -252), (5, -252), (17, -237)], iron)
    canvas.ellipse((0, -254), (3, 4), iron)
    return canvas.dry()


def cat(wag: Number) -> Layer:
    """A cat on a roof's ridge, sitting at (0, 0); `wag` in radians swings its tail."""
    canvas = Canvas(90, 70, left=-52, top=-58)
    fur: Colour = (0.10, 0.10, 0.16)
    tail = [(-12.0 - 3.2 * step, -3 + 9 * math.sin(step / 5 + 0.3) * math.sin(wag) - step * 0.4) for step in range(10)]
    canvas.stroke(tail, 4.5, fur)
    canvas.ellipse((-2, -11), (13, 13), fur)
    canvas.ellipse((5, -22), (9, 13), fur, turn=0.15)
    canvas.ellipse((9, -37), (9.5, 8.5), fur)
    canvas.fill([(2, -41), (1, -53), (9, -44)], fur)
    canvas.fill([(10, -44), (16, -53), (18, -40)], fur)
    for eye in (8.5, 14.5):
        canvas.ellipse((eye, -39), (1.6, 2.0), (0.75, 0.90, 0.45))
    canvas.stroke([(10, -14), (10, -1)], 5, fur)
    canvas.ellipse((12, -1.5), (4, 2.5), fur)
    return canvas.dry()
