import { beforeInstantCursor, decodeCursor, decodeIdCursor, instantKey, toPage } from './page.js';

const ids = Array.from({ length: 5 }, (_, index) => `01890a5d-ac96-774b-bcce-b302099a805${index}`);
const pageOf = (rows: string[], limit: number) =>
  toPage(
    rows,
    limit,
    (row) => [row],
    (row) => row,
  );

describe('pages', () => {
  it('show the limit and lead on while there is more', () => {
    const { items, nextCursor } = pageOf(ids.slice(0, 3), 2);
    expect(items).toEqual(ids.slice(0, 2));
    expect(decodeIdCursor(nextCursor!)).toBe(ids[1]);
  });

  it('end without a cursor when the last row is shown, or there is none', () => {
    expect(pageOf(ids, 5)).toEqual({ items: ids, nextCursor: null });
    expect(pageOf([], 5)).toEqual({ items: [], nextCursor: null });
  });

  it('begin at the beginning without a cursor', () => {
    expect(decodeIdCursor(undefined)).toBeUndefined();
  });

  it('of a list by time let the index begin at the cursor, however late the page', () => {
    const createdAt = new Date('2026-01-31T08:00:00.000Z');
    const { nextCursor } = toPage(
      ids.map((id) => ({ id, createdAt })),
      1,
      instantKey,
      ({ id }) => id,
    );
    // One range that an index can be entered at; the alternatives alone would be filtered from the newest row on.
    expect(beforeInstantCursor(nextCursor!)).toMatchObject({ createdAt: { lte: createdAt } });
    expect(beforeInstantCursor(undefined)).toEqual({});
  });

  it('refuse cursors that no list returned', () => {
    const encode = (text: string) => Buffer.from(text).toString('base64url');
    for (const cursor of [
      '',
      'x',
      encode('1'),
      encode(`${ids[0]}|${ids[1]}`),
      encode(`${ids[0]}'--`),
      ids[0]!,
      // The same in another spelling [F-29].
      `${encode(ids[0]!)}=`,
      `${encode(ids[0]!).slice(0, 8)} ${encode(ids[0]!).slice(8)}`,
      `!${encode(ids[0]!)}`,
    ])
      expect(() => decodeIdCursor(cursor)).toThrow('VALIDATION_FAILED');
  });

  it('keep several sort keys apart', () => {
    const { nextCursor } = toPage(
      ids,
      1,
      (row) => ['2026-01-31T08:00:00.000Z', row],
      (row) => row,
    );
    const isAnything = () => true;
    expect(decodeCursor(nextCursor!, [isAnything, isAnything])).toEqual(['2026-01-31T08:00:00.000Z', ids[0]]);
    expect(() => decodeCursor(nextCursor!, [isAnything])).toThrow('VALIDATION_FAILED');
  });
});
