// What comes from outside, on the running server: signed webhooks against the bare signature rate, a workbook of 200,000
// rows with what it costs the process, and how soon a bomb is refused.
import { createHmac, randomBytes } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';
import writeWorkbook from 'write-excel-file/node';
import { pause, residentMemory } from './processes.mjs';

const ROWS = 200_000;
const BOMB_BYTES = 600 * 1024 * 1024;
const SECRET = `whsec_${Buffer.from('a secret of the bench, no other').toString('base64')}`;
const BODY = JSON.stringify({ type: 'order.paid', order: 4711, buyer: 'Ibu Sri', items: [1, 2, 3] });
const CONNECTIONS = 32;
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/**
 * @param load starts the load generator.
 * @returns rows of the table.
 */
export async function measureIntake({ base, accessToken, server, seconds, load }) {
  const integration = await createIntegration(base, accessToken);
  const webhooks = await load('webhook', `${base}/webhooks/${integration}`, CONNECTIONS, seconds, {
    secret: SECRET,
    body: BODY,
  });
  const signatures = await signatureRate(Math.min(2, seconds));
  const workbook = await measureUpload(base, integration, accessToken, server, await largeWorkbook());
  const bombAt = performance.now();
  const bomb = await upload(base, integration, accessToken, makeBomb());
  const bombMs = performance.now() - bombAt;
  return [
    {
      measure: `webhooks, ${CONNECTIONS} at once`,
      value: webhooks.perSecond,
      unit: '/s',
      baseline: signatures,
      baselineName: '/s bare HMAC',
      ratio: webhooks.perSecond / signatures,
      target: '>= 1500/s on PostgreSQL',
      isMet: webhooks.perSecond >= 1500,
    },
    {
      measure: `workbook of ${ROWS.toLocaleString('en')} rows, ${workbook.mebibytes.toFixed(1)} MiB`,
      value: workbook.seconds,
      unit: 's until READY',
      target: '< 20 s',
      isMet: workbook.isReady && workbook.seconds < 20,
    },
    {
      measure: 'the same, memory',
      value: workbook.growth,
      unit: 'MiB more than before',
      target: '< 400 MiB',
      isMet: workbook.growth < 400,
    },
    {
      measure: 'the same, slowest /health/live',
      value: workbook.slowest,
      unit: 'ms',
      target: '< 100 ms',
      isMet: workbook.slowest < 100,
    },
    {
      measure: 'bomb of 600 MB, refused',
      value: bombMs,
      unit: `ms (${bomb.status})`,
      target: '< 1000 ms',
      isMet: bomb.status === 422 && bombMs < 1000,
    },
    {
      measure: 'webhooks other than 2xx',
      value: webhooks.refused,
      unit: '',
      target: '0',
      isMet: webhooks.refused === 0,
    },
  ];
}

async function createIntegration(base, accessToken) {
  const response = await fetch(`${base}/integrations`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${accessToken}` },
    body: JSON.stringify({ provider: 'CUSTOM', label: 'Bench', webhookSecret: SECRET }),
  });
  if (response.status !== 201) throw new Error(`no integration: ${await response.text()}`);
  return (await response.json()).id;
}

/** One core, nothing but the signature. */
async function signatureRate(seconds) {
  const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
  const end = performance.now() + seconds * 1000;
  let count = 0;
  while (performance.now() < end) {
    for (let i = 0; i < 1000; i += 1)
      createHmac('sha256', key)
        .update(`id.${count + i}.`)
        .update(BODY)
        .digest('base64');
    count += 1000;
  }
  return count / seconds;
}

async function largeWorkbook() {
  const rows = Array.from({ length: ROWS }, (_, i) => [
    { value: i, type: Number },
    { value: randomBytes(15).toString('base64url'), type: String },
    { value: 'Kaos polos hitam ukuran L', type: String },
    { value: new Date(Date.UTC(2026, 0, 1 + (i % 300))), type: Date, format: 'dd/mm/yyyy' },
    { value: Math.round(Math.random() * 1e6) / 100, type: Number },
  ]);
  const file = await writeWorkbook(rows, {}).toBuffer();
  // That took seconds without a pause: connections that the server closed meanwhile are noticed now.
  await pause(200);
  return file;
}

async function measureUpload(base, integration, accessToken, server, file) {
  const before = residentMemory(server);
  const startedAt = performance.now();
  let isOver = false;
  const finished = (async () => {
    const { location, body } = await upload(base, integration, accessToken, file);
    let { status } = body;
    while (status === 'PARSING') {
      await pause(50);
      const response = await fetch(`${base}${location}`, {
        headers: { Authorization: `Bearer ${accessToken}` },
      });
      ({ status } = await response.json());
    }
    return status === 'READY';
  })().finally(() => {
    isOver = true;
  });
  let slowest = 0;
  let highest = before;
  while (!isOver) {
    const askedAt = performance.now();
    await (await fetch(`${base}/health/live`)).arrayBuffer();
    slowest = Math.max(slowest, performance.now() - askedAt);
    highest = Math.max(highest, residentMemory(server));
    await pause(20);
  }
  const isReady = await finished;
  return {
    isReady,
    seconds: (performance.now() - startedAt) / 1000,
    mebibytes: file.length / 1024 / 1024,
    growth: highest - before,
    slowest,
  };
}

async function upload(base, integration, accessToken, file) {
  const form = new FormData();
  form.set('file', new Blob([file], { type: XLSX }), 'bench.xlsx');
  const response = await fetch(`${base}/integrations/${integration}/imports`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${accessToken}` },
    body: form,
  });
  return {
    status: response.status,
    location: response.headers.get('location'),
    body: await response.json(),
  };
}

/** An archive with one entry of 600 MB of zeros, told truly. */
function makeBomb() {
  const piece = Buffer.alloc(BOMB_BYTES);
  const data = deflateRawSync(piece, { level: 1 });
  const name = Buffer.from('xl/worksheets/sheet1.xml');
  const header = Buffer.alloc(26);
  header.writeUInt16LE(20, 0);
  header.writeUInt16LE(8, 4);
  header.writeUInt32LE(crc32(piece), 10);
  header.writeUInt32LE(data.length, 14);
  header.writeUInt32LE(BOMB_BYTES, 18);
  header.writeUInt16LE(name.length, 22);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(30 + name.length + data.length, 16);
  return Buffer.concat([
    Buffer.from('PK\x03\x04'),
    header,
    name,
    data,
    Buffer.from('PK\x01\x02\x14\x00', 'latin1'),
    header,
    Buffer.alloc(14),
    name,
    end,
  ]);
}
