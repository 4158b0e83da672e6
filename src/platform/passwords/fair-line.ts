import { RANKS, type HashCaller } from './hash-caller.js';

interface Place<T> {
  readonly caller: HashCaller;
  readonly item: T;
}

/**
 * A line in which nobody can crowd out others by coming often: higher ranks first; within a rank the keys take turns,
 * one item each; within a key who came first. When it is full, who has most waiting in the lowest rank gives way.
 */
export class FairLine<T> {
  /** Per rank: key → what waits, oldest first. The order of a map's keys is the order of turns. */
  private readonly lanes = RANKS.map(() => new Map<string, Place<T>[]>());
  private count = 0;

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.count;
  }

  /**
   * Adds to the line.
   * @returns what had to give way: the item itself when nobody has less right to a place, null when there was room.
   */
  add(caller: HashCaller, item: T): T | null {
    const dropped = this.count < this.capacity ? null : this.dropFor(caller);
    if (this.count >= this.capacity) return item;
    const lane = this.laneOf(caller);
    const places = lane.get(caller.key);
    if (places === undefined) lane.set(caller.key, [{ caller, item }]);
    else places.push({ caller, item });
    this.count += 1;
    return dropped;
  }

  /** Takes out whose turn it is. */
  next(): T | undefined {
    const lane = this.lanes.find(({ size }) => size > 0);
    const [turn] = lane ?? [];
    if (lane === undefined || turn === undefined) return undefined;
    const [key, [first, ...rest]] = turn;
    // The next turn of this key comes after everybody else's.
    lane.delete(key);
    if (rest.length > 0) lane.set(key, rest);
    this.count -= 1;
    return first?.item;
  }

  /** Takes out one that waits no longer. */
  remove(caller: HashCaller, item: T): void {
    const lane = this.laneOf(caller);
    const places = lane.get(caller.key) ?? [];
    const left = places.filter((place) => place.item !== item);
    this.count -= places.length - left.length;
    if (left.length > 0) lane.set(caller.key, left);
    else lane.delete(caller.key);
  }

  /** Makes room: the newest of whoever has most waiting, in the lowest rank that is not above the newcomer's. */
  private dropFor(newcomer: HashCaller): T | null {
    const rank = this.lanes.findLastIndex(({ size }) => size > 0);
    const own = RANKS.indexOf(newcomer.rank);
    if (rank < own) return null;
    const lane = this.lanes[rank]!;
    const [key, places] = [...lane].reduce((most, each) => (each[1].length > most[1].length ? each : most));
    const ownWaiting = lane.get(newcomer.key)?.length ?? 0;
    // Among equals only who has more waiting than the newcomer would have gives way.
    if (rank === own && places.length <= ownWaiting + 1) return null;
    const last = places.pop()!;
    if (places.length === 0) lane.delete(key);
    this.count -= 1;
    return last.item;
  }

  private laneOf({ rank }: HashCaller): Map<string, Place<T>[]> {
    return this.lanes[RANKS.indexOf(rank)]!;
  }
}
