import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAcceptedLicence } from '../../src/dependency-audit/licences.js';
import type { AdvisorySeverity } from '../../src/dependency-audit/advisories.js';
import { auditDependencies, type AuditReport } from '../../src/dependency-audit/dependency-audit.js';
import { writeSbom } from '../../src/dependency-audit/sbom.js';
import { runCommand } from '../support/cli.js';

type Manifest = Record<'dependencies' | 'devDependencies', Record<string, string>>;
type Answer = { status?: number; body: unknown } | 'hang up';

const CANARY = [
  {
    id: 1,
    url: 'https://github.com/advisories/GHSA-vh95-rmgr-6w4m',
    title: 'Prototype pollution in minimist',
    severity: 'critical',
    vulnerable_versions: '<0.2.1',
  },
];
const ADVISORY = {
  id: 2,
  url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
  title: 'Something is wrong with left',
  severity: 'high',
  vulnerable_versions: '<1.2.0',
};
const INTEGRITY = `sha512-${'A'.repeat(86)}==`;

let service: Server;
let registry: string;
/** What the stand-in for the advisory service says. */
let advisories: Answer;
/** What it says of a package. */
let versions: Record<string, string[]>;
let root: string;

beforeAll(async () => {
  service = createServer((request, response) => {
    const say = (status: number, body: unknown): void => {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    if (request.method === 'POST') {
      if (advisories === 'hang up') request.socket.destroy();
      else say(advisories.status ?? 200, advisories.body);
      return;
    }
    const name = decodeURIComponent(request.url!.slice(1));
    const known = versions[name];
    if (known === undefined) say(404, {});
    else
      say(200, {
        'dist-tags': { latest: known.at(-1) },
        versions: Object.fromEntries(known.map((version) => [version, {}])),
      });
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  registry = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => service.close(resolve)));

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'benteng-audit-'));
  advisories = { body: { minimist: CANARY } };
  versions = { left: ['1.1.0', '1.2.0', '1.3.0'], right: ['2.0.0'] };
  writeProject({});
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function writeProject(left: object): void {
  const manifest = { name: 'project', version: '1.0.0', license: 'MIT', dependencies: { left: '1.1.0' } };
  writeFileSync(join(root, 'package.json'), JSON.stringify(manifest));
  writeFileSync(
    join(root, 'package-lock.json'),
    JSON.stringify({
      name: 'project',
      version: '1.0.0',
      lockfileVersion: 3,
      packages: {
        '': manifest,
        'node_modules/left': {
          version: '1.1.0',
          integrity: INTEGRITY,
          license: 'MIT',
          dependencies: { right: '2.0.0' },
          ...left,
        },
        'node_modules/left/node_modules/right': { version: '2.0.0', integrity: INTEGRITY, license: 'ISC' },
      },
    }),
  );
  // Knip of the project itself is not there: a stand-in that finds nothing.
  const knip = join(root, 'node_modules/knip/bin');
  mkdirSync(knip, { recursive: true });
  writeFileSync(join(knip, 'knip.js'), `console.log('{"issues":[]}')`);
}

const audit = (...more: string[]) =>
  runCommand(['security:audit', '--root', root, '--registry', registry, ...more]);
/** The same without a process of its own, which takes a second. */
const report = (threshold: AdvisorySeverity = 'low', address = registry) =>
  auditDependencies({ root, registry: address, threshold, now: new Date() });
const checkOf = ({ checks }: AuditReport, name: string) => checks.find(({ check }) => check === name)!;

describe('security:audit', () => {
  it('is content with a project that has nothing wrong, and says what it looked at [A-1]', async () => {
    const { code, out } = await audit();
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringContaining('vulnerabilities: nothing found'),
    });
    expect(out).toContain('left@1.1.0');
    expect(out).toContain('1.3.0 is out');
  });

  it('finds a vulnerable version, and fails by severity [A-1] [O-11]', async () => {
    advisories = { body: { minimist: CANARY, left: [ADVISORY] } };
    const found = await report();
    expect(found).toMatchObject({ failing: 1, isComplete: true });
    expect(checkOf(found, 'vulnerabilities')).toMatchObject({
      findings: [{ id: 'GHSA-aaaa-bbbb-cccc', package: 'left', versions: ['1.1.0'], severity: 'high' }],
    });
    expect((await audit()).code).toBe(1);
    expect((await audit('--severity', 'critical')).code).toBe(0);
    advisories = { body: { minimist: CANARY, left: [{ ...ADVISORY, vulnerable_versions: '>=1.2.0' }] } };
    expect((await report()).failing).toBe(0);
  });

  it.each<[string, () => Answer]>([
    ['refuses', () => ({ status: 405, body: '' })],
    ['fails', () => ({ status: 500, body: {} })],
    ['hangs up', () => 'hang up'],
    ['says nothing', () => ({ body: '' })],
    ['answers in HTML', () => ({ body: '<html>ok</html>' })],
    ['answers with a list', () => ({ body: [] })],
    ['knows of nothing at all', () => ({ body: {} })],
    [
      'knows the canary under another version',
      () => ({ body: { minimist: [{ ...CANARY[0], vulnerable_versions: '>9' }] } }),
    ],
    ['talks of something else', () => ({ body: { minimist: CANARY, other: [ADVISORY] } })],
    [
      'gives no range',
      () => ({ body: { minimist: CANARY, left: [{ ...ADVISORY, vulnerable_versions: 'all of them' }] } }),
    ],
    [
      'gives an unknown severity',
      () => ({ body: { minimist: CANARY, left: [{ ...ADVISORY, severity: 'none' }] } }),
    ],
  ])('says "not checked" and fails when the service %s [A-1]', async (_how, answer) => {
    advisories = answer();
    const found = await report();
    expect(found).toMatchObject({ failing: 0, isComplete: false });
    expect(checkOf(found, 'vulnerabilities')).toMatchObject({
      state: 'not checked',
      reason: expect.any(String),
    });
  });

  it('says "not checked" when nothing listens, of newer versions too, and that this is no clean result [A-1]', async () => {
    const found = await report('low', 'http://127.0.0.1:9');
    expect(checkOf(found, 'vulnerabilities').state).toBe('not checked');
    expect(checkOf(found, 'outdated').state).toBe('not checked');
    advisories = { body: {} };
    const { code, out } = await audit();
    expect(code).toBe(2);
    expect(out).toContain('vulnerabilities: NOT CHECKED');
    expect(out).toContain('no clean result');
  });

  it('finds licences and sources that are not accepted [A-1]', async () => {
    writeProject({
      license: 'GPL-3.0-only',
      resolved: 'git+ssh://git@example.com/left.git',
      integrity: 'sha1-xx',
    });
    const found = await report();
    expect(found.failing).toBe(3);
    expect(checkOf(found, 'licences')).toMatchObject({
      findings: [{ package: 'left', title: 'licence GPL-3.0-only' }],
    });
    expect(checkOf(found, 'lockfile')).toMatchObject({
      findings: [{ package: 'left' }, { package: 'left' }],
    });
  });

  it('takes archives from the configured registry alone, whatever looks like one [F-38]', async () => {
    const { host } = new URL(registry);
    const faultsOf = async (resolved: string, address = registry) => {
      writeProject({ resolved });
      return checkOf(await report('low', address), 'lockfile');
    };
    const none = { findings: [] };
    const one = { findings: [{ package: 'left', title: expect.stringContaining('does not come from') }] };
    expect(await faultsOf(`${registry}/left/-/left-1.1.0.tgz`)).toMatchObject(none);
    expect(await faultsOf(`${registry}/npm/left.tgz`, `${registry}/npm/`)).toMatchObject(none);
    for (const elsewhere of [
      'https://packages.example/left/-/left-1.1.0.tgz',
      `http://${host}.packages.example/left-1.1.0.tgz`,
      `http://${host}@packages.example/left-1.1.0.tgz`,
      `${registry}/left-1.1.0.zip`,
      'left-1.1.0.tgz',
    ])
      expect({ elsewhere, ...(await faultsOf(elsewhere)) }).toMatchObject({ elsewhere, ...one });
    const below = `${registry}/npm/../other/left.tgz`;
    expect(await faultsOf(below, `${registry}/npm`)).toMatchObject(one);
  });

  it('lets a fresh clone pass: each licence that is not accepted has its exception and reason [F-38]', async () => {
    const repository = join(__dirname, '../..');
    for (const file of ['package.json', 'package-lock.json', 'security-exceptions.json'])
      cpSync(join(repository, file), join(root, file));
    versions = Object.fromEntries(
      Object.entries({
        ...(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest).dependencies,
        ...(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest).devDependencies,
      }).map(([name, version]) => [name, [version]]),
    );
    expect(await report()).toMatchObject({ failing: 0, isComplete: true });
    rmSync(join(root, 'security-exceptions.json'));
    expect((await report()).failing).toBeGreaterThan(0);
  });

  it('writes a whole bill of materials, or none [F-33]', () => {
    const repository = join(__dirname, '../..');
    const file = join(root, 'sbom.cdx.json');
    const all = writeSbom(repository, file, { withDevelopment: true });
    const running = writeSbom(repository, file, { withDevelopment: false });
    expect(running).toBeLessThan(all);
    const bom = JSON.parse(readFileSync(file, 'utf8')) as { components: { name: string }[] };
    const names = bom.components.map(({ name }) => name);
    expect(names).toHaveLength(running);
    expect(names).toEqual(expect.arrayContaining(['fastify', '@nestjs/common', '@prisma/client']));
    expect(names).not.toEqual(expect.arrayContaining(['jest']));
    // Another hash than that of the lockfile, and nothing is written.
    writeProject({ integrity: 'sha512-nonsense' });
    expect(() => writeSbom(root, join(root, 'other.json'), { withDevelopment: true })).toThrow(
      /left@1.1.0 lacks the SHA-512/,
    );
    expect(existsSync(join(root, 'other.json'))).toBe(false);
  });

  it('lets stand what an exception names, until its day [L-S5]', async () => {
    advisories = { body: { minimist: CANARY, left: [ADVISORY] } };
    const write = (entry: object) =>
      writeFileSync(join(root, 'security-exceptions.json'), JSON.stringify([entry]));
    const entry = { id: 'GHSA-aaaa-bbbb-cccc', package: 'left', reason: 'we never call that function' };
    write({ ...entry, expires: '2999-01-01' });
    expect((await report()).failing).toBe(0);
    expect((await audit()).out).toContain('let stand until 2999-01-01');
    write({ ...entry, expires: '2020-01-01' });
    expect((await report()).failing).toBe(1);
    write({ ...entry, package: 'other', expires: '2999-01-01' });
    expect((await report()).failing).toBe(1);
    write(entry);
    expect((await audit()).err).toMatch(/expires/);
  });

  it('writes a report and an SBOM of CycloneDX', async () => {
    const folder = join(root, 'reports');
    expect((await audit('--report', folder)).code).toBe(0);
    expect(JSON.parse(readFileSync(join(folder, 'audit.json'), 'utf8'))).toMatchObject({
      packages: 2,
      failing: 0,
    });
    const sbom = JSON.parse(readFileSync(join(folder, 'sbom.cdx.json'), 'utf8')) as {
      components: { name: string }[];
    };
    expect(sbom).toMatchObject({ bomFormat: 'CycloneDX' });
    expect(sbom.components.map(({ name }) => name).toSorted()).toEqual(['left', 'right']);
  });

  it('says clearly what is missing', async () => {
    rmSync(join(root, 'package-lock.json'));
    const { code, err } = await audit();
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/package-lock\.json is missing/) });
    expect((await audit('--severity', 'some')).err).toMatch(/Allowed choices/);
  });
});

describe('security:fix', () => {
  const fix = (...more: string[]) =>
    runCommand(['security:fix', '--root', root, '--registry', registry, '--dry-run', ...more]);

  it('plans the first fixed version, and nothing where all is well [A-1]', async () => {
    expect((await fix()).out).toBe('No package is vulnerable.\n');
    advisories = { body: { minimist: CANARY, left: [ADVISORY] } };
    expect((await fix()).out).toBe('left@1.1.0 → 1.2.0 (GHSA-aaaa-bbbb-cccc)\n');
    versions = { left: ['1.1.0', '2.0.0'] };
    expect((await fix()).out).toMatch(/no fixed version/);
  });

  it('changes nothing when the service cannot be believed [A-1]', async () => {
    advisories = { body: {} };
    const before = readFileSync(join(root, 'package-lock.json'), 'utf8');
    const { code, err } = await runCommand(['security:fix', '--root', root, '--registry', registry]);
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/^Not checked, nothing was changed/),
    });
    expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).toBe(before);
  });
});

describe('a licence', () => {
  it.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0)', true],
    ['MIT AND GPL-3.0', false],
    ['Apache-2.0 AND (GPL-2.0 OR BSD-3-Clause)', true],
    ['MIT and ISC', true],
    ['LGPL-3.0-or-later', false],
    ['SEE LICENSE IN x', false],
    ['', false],
    ['(MIT', false],
    ['MIT)', false],
  ])('%s is accepted: %s', (expression, isAccepted) => {
    expect(isAcceptedLicence(expression)).toBe(isAccepted);
  });
});
