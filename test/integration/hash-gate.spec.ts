import { HashGate } from '../../src/platform/passwords/hash-gate.js';

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
    const runs = jobs.map(({ run }) => gate.run(run));
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
    const first = gate.run(running.run);
    const second = gate.run(late.run).catch((error: unknown) => error);
    const refusal = { code: 'UNAVAILABLE', retryAfterSeconds: 5 };
    await expect(gate.run(surplus.run)).rejects.toMatchObject(refusal);
    await jest.advanceTimersByTimeAsync(14_999);
    expect(gate.waiting).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(await second).toMatchObject(refusal);
    running.end();
    await first;
    expect([late.run, surplus.run].map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
    expect(await gate.run(() => Promise.resolve('next'))).toBe('next');
  });

  it('frees the place of a job that fails', async () => {
    const gate = new HashGate(1);
    await expect(gate.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await gate.run(() => Promise.resolve('next'))).toBe('next');
  });
});
