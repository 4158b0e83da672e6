const HEAD = ['measure', 'value', 'against', 'ratio', 'target', ''];

/** Prints the rows of one run as one table. */
export function printTable({ database, node, processors, seconds, rows }) {
  const cells = rows.map((row) => [
    row.measure,
    `${round(row.value)} ${row.unit}`,
    row.baseline === undefined ? '' : `${round(row.baseline)} ${row.baselineName}`,
    row.ratio === undefined ? '' : `${(row.ratio * 100).toFixed(1)} %`,
    row.target ?? '',
    row.isMet === undefined ? '' : row.isMet ? 'met' : 'MISSED',
  ]);
  const widths = HEAD.map((_, column) => Math.max(...[HEAD, ...cells].map((line) => line[column].length)));
  const format = (line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd();
  console.log(`${database}, Node ${node}, ${processors} processors, ${seconds} s each\n`);
  console.log(format(HEAD));
  console.log(widths.map((width) => '-'.repeat(width)).join('  '));
  for (const line of cells) console.log(format(line));
}

function round(value) {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(1);
}

/** A row of the table: a rate against another one; `least` is the share of it that it must reach, if any. */
export function against(measure, value, baseline, baselineName, least) {
  return {
    measure,
    value,
    unit: '/s',
    baseline,
    baselineName,
    ratio: value / baseline,
    ...(least === undefined ? {} : { target: `>= ${least * 100} %`, isMet: value / baseline >= least }),
  };
}
