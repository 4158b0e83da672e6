import {
  knownBrowser,
  signedIn,
  strangerAt,
  type HashCaller,
} from '../../src/platform/passwords/hash-caller.js';
import { HashGate } from '../../src/platform/passwords/hash-gate.js';

const STRANGER = strangerAt('192.0.2.1');

/** A job that runs until it is told to end. */
function aJob() {
  let end!: () => void;
  const done = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { run: jest.fn(() => done), end };
}

describe('the gate before costly hashes', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const settle = () => jest.advanceTimersByTimeAsync(0);

  it('lets a bounded number run at once, the others in the order they came [V15.2.2]', async () => {
    const gate = new HashGate(2);
    const jobs = [aJob(), aJob(), aJob(), aJob()] as const;
    const runs = jobs.map(({ run }) => gate.run(STRANGER, run));
    const started = () => jobs.map(({ run }) => run.mock.calls.length);
    await settle();
    expect([started(), gate.waiting]).toEqual([[1, 1, 0, 0], 2]);
    jobs[1].end();
    await settle();
    expect([started(), gate.waiting]).toEqual([[1, 1, 1, 0], 1]);
    for (const { end } of jobs) end();
    await Promise.all(runs);
    expect([started(), gate.waiting]).toEqual([[1, 1, 1, 1], 0]);
  });

  it('refuses who waited too long, and who finds the queue full [A-8]', async () => {
    const gate = new HashGate(1, 1, 15);
    const [running, late, surplus] = [aJob(), aJob(), aJob()];
    const first = gate.run(STRANGER, running.run);
    const second = gate.run(STRANGER, late.run).catch((error: unknown) => error);
    const refusal = { code: 'UNAVAILABLE', retryAfterSeconds: 5 };
    await expect(gate.run(STRANGER, surplus.run)).rejects.toMatchObject(refusal);
    await jest.advanceTimersByTimeAsync(14_999);
    expect(gate.waiting).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(await second).toMatchObject(refusal);
    running.end();
    await first;
    expect([late.run, surplus.run].map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
    expect(await gate.run(STRANGER, () => Promise.resolve('next'))).toBe('next');
  });

  it('frees the place of a job that fails', async () => {
    const gate = new HashGate(1);
    await expect(gate.run(STRANGER, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await gate.run(STRANGER, () => Promise.resolve('next'))).toBe('next');
  });

  describe('is fair [F-43]', () => {
    /** A gate for one job at a time that is busy, and a note of who came through it. */
    const aBusyGate = (maxWaiting = 100) => {
      const gate = new HashGate(1, maxWaiting);
      const [first, served, refused] = [aJob(), [] as string[], [] as string[]];
      const runs = [gate.run(STRANGER, first.run)];
      const come = (name: string, caller: HashCaller) => {
        const run = gate.run(caller, () => Promise.resolve(void served.push(name)));
        runs.push(run.catch(() => void refused.push(name)));
      };
      const order = async () => {
        await settle();
        first.end();
        await Promise.all(runs);
        return served;
      };
      return { come, order, refused, gate };
    };

    it('to the signed-in, then known browsers, then who has worked, then strangers', async () => {
      const { come, order } = aBusyGate();
      come('stranger', strangerAt('192.0.2.1'));
      come('worker', strangerAt('192.0.2.2', true));
      come('known', knownBrowser('device'));
      come('person', signedIn('ana'));
      expect(await order()).toEqual(['person', 'known', 'worker', 'stranger']);
    });

    it('to networks: each /24 or /64 in turn, however many addresses of it come', async () => {
      const { come, order } = aBusyGate();
      for (let host = 1; host <= 4; host += 1) come(`flood ${host}`, strangerAt(`198.51.100.${host}`));
      for (let host = 1; host <= 3; host += 1) come(`six ${host}`, strangerAt(`2001:db8:1:2:${host}::1`));
      come('alone', strangerAt('203.0.113.9'));
      come('mapped', strangerAt('203.0.114.9'));
      expect(await order()).toEqual([
        'flood 1',
        'six 1',
        'alone',
        'mapped',
        'flood 2',
        'six 2',
        'flood 3',
        'six 3',
        'flood 4',
      ]);
    });

    it('when it is full: who has most waiting gives way, never somebody for a stranger', async () => {
      const { come, order, refused } = aBusyGate(4);
      come('person', signedIn('ana'));
      for (let host = 1; host <= 3; host += 1) come(`flood ${host}`, strangerAt(`198.51.100.${host}`));
      come('flood 4', strangerAt('198.51.100.4'));
      await settle();
      expect(refused).toEqual(['flood 4']);
      come('alone', strangerAt('203.0.113.9'));
      await settle();
      expect(refused).toEqual(['flood 4', 'flood 3']);
      come('known', knownBrowser('device'));
      come('another', signedIn('budi'));
      come('third', signedIn('cici'));
      await settle();
      expect(refused).toEqual(['flood 4', 'flood 3', 'flood 2', 'flood 1', 'alone']);
      come('nobody gives way', strangerAt('203.0.113.9'));
      expect(await order()).toEqual(['person', 'another', 'third', 'known']);
      expect(refused.at(-1)).toBe('nobody gives way');
    });

    it('and forgets who waited too long', async () => {
      const { come, order, refused, gate } = aBusyGate();
      come('late', strangerAt('198.51.100.1'));
      await jest.advanceTimersByTimeAsync(15_000);
      expect([refused, gate.waiting]).toEqual([['late'], 0]);
      come('next', strangerAt('198.51.100.2'));
      expect(await order()).toEqual(['next']);
    });
  });
});
