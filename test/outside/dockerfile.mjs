// Replays a Dockerfile without containers: each stage is a folder in which its steps are done. What needs the base image
// (apt-get, users, ports) is passed over.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * @param {string} root the build context. @param {string} work an empty folder.
 * @returns the last stage: its folder, environment, and the commands of CMD and HEALTHCHECK.
 */
export function replay(root, work) {
  const allowed = readIgnore(join(root, '.dockerignore'));
  const stages = new Map();
  let stage;
  for (const line of logicalLines(readFileSync(join(root, 'Dockerfile'), 'utf8'))) {
    const [, word, rest] = /^(\w+)\s+([\s\S]*)$/.exec(line);
    if (word === 'FROM') {
      const name = / AS (\w+)$/.exec(rest)?.[1] ?? `stage${stages.size}`;
      stage = { folder: join(work, name), environment: {} };
      mkdirSync(stage.folder);
      stages.set(name, stage);
    } else if (word === 'ENV') {
      for (const pair of rest.split(/\s+/)) {
        const [name, value] = pair.split('=');
        stage.environment[name] = value;
      }
    } else if (word === 'COPY') copy(rest, { root, stage, stages, allowed });
    else if (word === 'RUN' && !rest.startsWith('apt-get')) run(rest, stage);
    else if (word === 'CMD') stage.command = JSON.parse(rest);
    else if (word === 'HEALTHCHECK') stage.healthcheck = JSON.parse(/CMD (\[.*\])$/.exec(rest)[1]);
  }
  return stage;
}

function copy(rest, { root, stage, stages, allowed }) {
  const from = /^--from=(\w+) /.exec(rest)?.[1];
  const [target, ...sources] = rest
    .replace(/^--from=\w+ /, '')
    .split(/\s+/)
    .toReversed();
  for (const source of sources) {
    if (from === undefined && !allowed.some((pattern) => pattern.test(source)))
      throw new Error(`COPY ${source}: .dockerignore keeps it out of the context`);
    const path =
      from === undefined ? join(root, source) : join(stages.get(from).folder, source.replace('/app/', ''));
    if (!existsSync(path)) throw new Error(`COPY ${source}: it is not there`);
    const to = target === './' ? join(stage.folder, basename(source)) : join(stage.folder, target);
    cpSync(path, to, {
      recursive: true,
      filter: (file) => !file.endsWith('/database/generated') || from !== undefined,
    });
  }
}

function run(script, { folder, environment }) {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script.replaceAll('/app', folder)], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`RUN ${script}\n${stdout}${stderr}`);
}

/** What `!…` lets in again, after `**`. */
function readIgnore(file) {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map(
      (line) =>
        new RegExp(
          `^${line
            .slice(1)
            .replace('/**', '')
            .replaceAll('.', String.raw`\.`)}(/|$)`,
        ),
    );
}

function logicalLines(text) {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#') && line.trim() !== '')
    .join('\n')
    .replaceAll(/\s*\\\n\s*/g, ' ')
    .split('\n');
}
