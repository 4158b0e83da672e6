import { FakeClock } from '../../../test/fakes/fake-clock.js';
import { MemoryCounters } from './memory-counters.js';

describe('counters in memory', () => {
  const setUp = () => {
    const clock = new FakeClock();
    const counters = new MemoryCounters(clock);
    return { clock, counters, hit: (key = 'a', limit = 2) => counters.increment(key, 60_000, limit) };
  };

  it('count per key and refuse what passes the limit', async () => {
    const { hit } = setUp();
    expect(await hit()).toEqual({ totalHits: 1, timeToExpire: 60, isBlocked: false, timeToBlockExpire: 0 });
    expect(await hit()).toMatchObject({ totalHits: 2, isBlocked: false });
    expect(await hit()).toEqual({ totalHits: 3, timeToExpire: 60, isBlocked: true, timeToBlockExpire: 60 });
    expect(await hit('b')).toMatchObject({ totalHits: 1, isBlocked: false });
  });

  it('begin anew when the window has passed, which refused hits do not lengthen', async () => {
    const { clock, hit } = setUp();
    for (let index = 0; index < 3; index += 1) await hit();
    clock.advanceSeconds(59.5);
    expect(await hit()).toMatchObject({ isBlocked: true, timeToBlockExpire: 1 });
    clock.advanceSeconds(0.5);
    expect(await hit()).toMatchObject({ totalHits: 1, isBlocked: false, timeToExpire: 60 });
  });

  it('forget the oldest window, not the newest, when an attacker makes up keys without end', async () => {
    const { counters, hit } = setUp();
    await hit('first');
    for (let index = 0; index < 1_000_000; index += 1) counters.hit(`key ${index}`, 60_000);
    expect(counters.size).toBeLessThanOrEqual(200_000);
    expect(await hit('key 999999')).toMatchObject({ totalHits: 2 });
    expect(await hit('first')).toMatchObject({ totalHits: 1 });
  });

  it('free what has ended', async () => {
    const { clock, counters, hit } = setUp();
    for (let index = 0; index < 1000; index += 1) await hit(`key ${index}`);
    clock.advanceSeconds(60);
    await hit('later');
    clock.advanceSeconds(60);
    await hit('much later');
    expect(counters.size).toBe(2);
  });

  it('last as long as they last, whoever sets the clock of the machine meanwhile [F-46]', async () => {
    const { clock, hit } = setUp();
    for (let index = 0; index < 3; index += 1) await hit();
    clock.setBy(-3600);
    expect(await hit()).toMatchObject({ isBlocked: true, timeToBlockExpire: 60 });
    clock.advanceSeconds(60);
    expect(await hit()).toMatchObject({ totalHits: 1, isBlocked: false });
    for (let index = 0; index < 3; index += 1) await hit();
    clock.setBy(3600);
    expect(await hit()).toMatchObject({ isBlocked: true, timeToBlockExpire: 60 });
  });

  it('give back hits that do not count, never below none', async () => {
    const { clock, counters, hit } = setUp();
    for (let index = 0; index < 3; index += 1) await hit();
    await counters.release('a', 2);
    expect(await counters.read('a')).toBe(1);
    expect(await hit()).toMatchObject({ totalHits: 2, isBlocked: false });
    await counters.release('a', 99);
    expect(await hit()).toMatchObject({ totalHits: 1 });
    clock.advanceSeconds(60);
    expect(await counters.read('a')).toBe(0);
    await counters.release('a', 1);
    expect(await hit()).toMatchObject({ totalHits: 1 });
  });

  it('keep a window that goes on through a change of generation', async () => {
    const { clock, hit } = setUp();
    await hit('early');
    clock.advanceSeconds(30);
    await hit('blocked');
    await hit('blocked');
    clock.advanceSeconds(30);
    await hit('turns the generation');
    expect(await hit('blocked')).toMatchObject({ totalHits: 3, isBlocked: true });
  });
});
