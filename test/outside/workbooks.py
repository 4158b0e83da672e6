"""Writes a workbook with openpyxl to the path given and prints what openpyxl reads in it, as JSON: rows of texts."""

import datetime
import json
import random
import sys

from openpyxl import Workbook, load_workbook

DATES = ['yyyy-mm-dd', 'dd/mm/yyyy', 'd-mmm-yy', '[$-421]dd mmmm yyyy;@', 'yyyy-mm-dd hh:mm:ss', 'm/d/yy h:mm']
TIMES = ['h:mm', 'hh:mm:ss', 'h:mm AM/PM', 'mm:ss']
DURATIONS = ['[h]:mm', '[hh]:mm:ss', '[mm]:ss', '[ss]']
NUMBERS = ['General', '0.00', '#,##0.00', '0.00E+00', '[Red]0', '"days" 0', '_-* #,##0_-']


def text(value):
    if value is None:
        return ''
    if isinstance(value, datetime.datetime):
        midnight = (value.hour, value.minute, value.second) == (0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat()
    if isinstance(value, datetime.timedelta):
        seconds = round(value.total_seconds())
        return f'{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}'
    return value.isoformat() if hasattr(value, 'isoformat') else str(value)


def main():
    path = sys.argv[1]
    chance = random.Random(20261121)
    book = Workbook()
    sheet = book.active
    sheet.title = 'Values'
    seconds = lambda most: chance.randrange(most * 86400) / 86400
    for formats, values in (
        # 60 is a day that Python does not have; whole seconds, as texts show them.
        (DATES, [1, 2, 59, 61, 62, 36526, 45688, 45688.5] + [float(chance.randrange(61, 80000)) for _ in range(40)]),
        (TIMES, [0, 0.5, 0.25] + [seconds(1) for _ in range(40)]),
        (DURATIONS, [0, 0.5, 1, 1.0625, 2.5, 41.75] + [seconds(100) for _ in range(40)]),
        (NUMBERS, [0, 1, 60, 45688, 1.5]),
    ):
        for value in values:
            for number_format in formats:
                sheet.append([value, number_format])
                sheet.cell(sheet.max_row, 1).number_format = number_format
    book.save(path)
    rows = load_workbook(path).worksheets[0].iter_rows(values_only=True)
    json.dump([[text(value) for value in row] for row in rows], sys.stdout)


main()
