// What a flood of sign-ins does to those who are no strangers: a step-up of somebody signed in, and a sign-in from a browser
// that its owner has used before, in quiet times and while 200 addresses try passwords without end. The limits are those
// that people run; every address has a connection of its own and comes again as soon as it is answered.
import { say, signIn } from './subject.mjs';
import { pause, runHelper, startNode, stopProcess, waitUntilOk } from './processes.mjs';

const ADDRESSES = 200;
const SAMPLES = 20;
const QUIET_LOGINS = 160;
const AT_ONCE = 16;

/** @returns rows of the table. @param users accounts with the cookie of a browser each has used. */
export async function measureFlood({ environment, users, seconds }) {
  const base = `http://127.0.0.1:${environment.PORT}`;
  const limits = Object.keys(environment).filter((name) => name.startsWith('RATE_LIMIT_'));
  const realLimits = Object.fromEntries(limits.map((name) => [name, undefined]));
  const server = startNode(['dist/main.js'], {
    ...environment,
    ...realLimits,
    TRUST_PROXY: '127.0.0.1',
    CAPTCHA: 'auto',
  });
  try {
    await waitUntilOk(`${base}/health/ready`, server);
    const steppers = [];
    for (const [at, user] of users.slice(0, SAMPLES).entries())
      steppers.push(await signInFrom(base, user, `10.1.0.${at}`));
    const known = users.slice(SAMPLES, 2 * SAMPLES);
    say(`${AT_ONCE} sign-ins at once …`);
    const crowd = await quietLogins(base, users.slice(2 * SAMPLES));
    say('step-ups and known browsers, quiet …');
    const quiet = await sample(base, steppers, known, 0);
    say(`the same while ${ADDRESSES} addresses flood the sign-in …`);
    const flood = runHelper('flood-strangers.mjs', {
      base,
      addresses: ADDRESSES,
      seconds: Math.max(10, 2 * seconds),
    });
    await pause(2000);
    const loud = await sample(base, steppers, known, 60);
    const { judged, asked, limited, unavailable } = await flood;
    return [
      {
        measure: `${AT_ONCE} sign-ins at once, p99`,
        value: crowd.p99,
        unit: 'ms',
        baseline: crowd.p50,
        baselineName: 'ms median',
        ratio: crowd.p99 / crowd.p50,
        target: '< 250 %',
        isMet: crowd.p99 / crowd.p50 < 2.5,
      },
      against('step-up during a flood', loud.stepUps, quiet.stepUps),
      against('sign-in of a known browser during a flood', loud.logins, quiet.logins),
      {
        measure: `strangers of ${ADDRESSES} addresses: judged / asked for work / limited / 503`,
        value: judged + asked + limited + unavailable,
        unit: `answers (${judged} / ${asked} / ${limited} / ${unavailable})`,
      },
    ];
  } finally {
    await stopProcess(server);
  }
}

function against(measure, loud, quiet) {
  const ratio = median(loud) / median(quiet);
  return {
    measure,
    value: median(loud),
    unit: 'ms',
    baseline: median(quiet),
    baselineName: 'ms quiet',
    ratio,
    target: '< 500 %',
    isMet: ratio < 5,
  };
}

/** One step-up and one sign-in after the other, each person once. @param net third part of their addresses. */
async function sample(base, steppers, known, net) {
  const stepUps = [];
  const logins = [];
  for (let at = 0; at < SAMPLES; at += 1) {
    const { accessToken, password } = steppers[at];
    stepUps.push(
      await timed(
        `${base}/auth/step-up`,
        { password },
        { authorization: `Bearer ${accessToken}`, 'x-forwarded-for': `10.1.${net}.${at}` },
      ),
    );
    const { email, password: own, cookie } = known[at];
    logins.push(
      await timed(
        `${base}/auth/login`,
        { email, password: own },
        { cookie, 'x-forwarded-for': `10.2.${net}.${at}` },
      ),
    );
  }
  return { stepUps, logins };
}

/** Sign-ins of known browsers, always so many at once. */
async function quietLogins(base, users) {
  const latencies = [];
  let next = 0;
  const work = async () => {
    while (next < QUIET_LOGINS) {
      const at = next++;
      const { email, password, cookie } = users[at % users.length];
      const took = await timed(
        `${base}/auth/login`,
        { email, password },
        { cookie, 'x-forwarded-for': `10.3.${at % 100}.1` },
      );
      // The first round meets a server that has just started.
      if (at >= AT_ONCE) latencies.push(took);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  latencies.sort((a, b) => a - b);
  return { p50: median(latencies), p99: latencies[Math.floor(latencies.length * 0.99)] };
}

async function timed(url, body, headers) {
  const startedAt = performance.now();
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  return performance.now() - startedAt;
}

async function signInFrom(base, user, address) {
  return { ...user, ...(await signIn(base, user, { 'x-forwarded-for': address })) };
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
