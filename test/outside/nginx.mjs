// Has nginx itself judge deploy/nginx.conf: with a certificate made here, and this machine in place of the instances'
// names, which nginx would look up.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needTools } from './tools.mjs';

needTools({ nginx: 'nginx', openssl: 'openssl' });
const work = mkdtempSync(join(tmpdir(), 'benteng-nginx-'));
try {
  for (const folder of ['certificates', 'temporary']) mkdirSync(join(work, folder));
  const [key, certificate] = ['privkey.pem', 'fullchain.pem'].map((name) => join(work, 'certificates', name));
  const make = `req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout ${key} -out ${certificate}`;
  if (spawnSync('openssl', make.split(' ')).status !== 0) throw new Error('openssl made no certificate');
  const site = readFileSync(join(import.meta.dirname, '../../deploy/nginx.conf'), 'utf8')
    .replaceAll('/etc/nginx/certificates', join(work, 'certificates'))
    .replace('benteng-1:3000', '127.0.0.1:3001')
    .replace('benteng-2:3000', '127.0.0.1:3002');
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(work, 'temporary', name)};`)
    .join('\n  ');
  writeFileSync(join(work, 'site.conf'), site);
  writeFileSync(
    join(work, 'nginx.conf'),
    `pid ${work}/pid;\nerror_log stderr;\nevents {}\nhttp {\n  ${paths}\n  access_log off;\n  include ${work}/site.conf;\n}\n`,
  );
  const { status, stderr } = spawnSync(
    'nginx',
    ['-t', '-e', 'stderr', '-p', work, '-c', join(work, 'nginx.conf')],
    {
      encoding: 'utf8',
    },
  );
  console.log(stderr.trim());
  if (status !== 0) process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
