import 'reflect-metadata';
import { createApplication } from './app.setup.js';
import { loadConfig } from './platform/config/load-config.js';
import { KeyRegister } from './platform/database/key-register.js';
import { RowSecurityCheck } from './platform/database/row-security-check.js';
import { openDatabase } from './platform/database/open-database.js';
import { Signals } from './platform/events/signals.js';
import { exitWithReason } from './platform/errors/exit-with-reason.js';
import { listen } from './platform/http/listen.js';
import { closeOnSignal } from './platform/http/shutdown.js';
import { surviveUncaughtFaults } from './platform/http/uncaught-faults.js';
import { Jobs } from './platform/jobs/jobs.js';
import { loadWordLists } from './platform/passwords/password-strength.js';
import { AdminCreation } from './users/admin-creation.js';

try {
  const config = loadConfig();
  const app = await createApplication({ config, connection: await openDatabase(config) });
  closeOnSignal(app);
  const server = app.getHttpAdapter().getInstance();
  surviveUncaughtFaults(server.log, () => app.get(Signals).emit({ kind: 'uncaught_fault' }));
  await app.get(KeyRegister).assertReadable();
  await app.get(RowSecurityCheck).warn();
  loadWordLists();
  // Production's first administrator is made by hand: npm run cli -- admin:create (ASVS V6.3.2, no default accounts).
  const admin =
    config.environment === 'development'
      ? await app.get(AdminCreation).createFirst('admin@benteng.test', 'My organization')
      : null;
  // A signal may have come in the meantime.
  if (!server.drain.hasBegun) {
    app.get(Jobs).start();
    process.stdout.write(`Benteng is ready at ${await listen(app, config)}\n`);
  }
  if (admin) {
    process.stdout.write(
      `First administrator: ${admin.email}\nTemporary password (good for one change of password within 24 hours): ${admin.temporaryPassword}\n`,
    );
  }
} catch (error) {
  exitWithReason(error);
}
