// How many argon2id checks a second this machine manages with our settings and nothing around them:
// { concurrency, seconds } comes as a message, { perSecond } goes back. The first second is not counted.
import argon2 from 'argon2';
import { ARGON2_OPTIONS } from '../dist/platform/passwords/password-hasher.js';

const WARM_UP_MS = 1000;
const PASSWORD = 'Kuda-lepas7 meja hijau';

process.once('message', async ({ concurrency, seconds }) => {
  const hash = await argon2.hash(PASSWORD, ARGON2_OPTIONS);
  const countFrom = performance.now() + WARM_UP_MS;
  const endAt = countFrom + seconds * 1000;
  let count = 0;
  let lastAt = countFrom;
  const work = async () => {
    while (performance.now() < endAt) {
      await argon2.verify(hash, PASSWORD);
      const now = performance.now();
      if (now < countFrom || now > endAt) continue;
      count += 1;
      lastAt = now;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  process.send({ perSecond: count / ((lastAt - countFrom) / 1000) });
});
