import { defineConfig } from 'prisma/config';

// Only `prisma generate` reads this file; the server has its own settings (src/platform/config).
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
});
