# Two stages: the first installs and builds, the second has only what runs. See docs/operations.md, containers.
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json prisma.config.ts ./
COPY prisma prisma
COPY scripts scripts
COPY src src
RUN npm run --silent build
# What runs, and of Prisma's compilers the one for PostgreSQL; the bill of materials names what is left.
RUN npm prune --omit=dev --omit=optional --omit=peer --no-audit --no-fund \
  && find node_modules/@prisma/client/runtime -name 'query_compiler_*' ! -name '*_small_bg.postgresql.*' -delete \
  && find node_modules -name '*.map' -delete \
  && rm -rf node_modules/.cache node_modules/.benteng \
  && node dist/cli/main.js security:sbom --omit-development --out sbom.cdx.json

FROM node:22-bookworm-slim
# pg_dump and pg_restore, for the commands backup and restore.
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/tmp/benteng npm_config_logs_max=0 npm_config_cache=/tmp/npm
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/sbom.cdx.json ./
COPY prisma prisma
# npm run cli -- <command>; without src/ the scripts build nothing.
COPY scripts scripts
COPY package.json .npmrc LICENSE ./
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Node itself gets SIGTERM: the program finishes what runs and ends within ten seconds.
STOPSIGNAL SIGTERM
CMD ["node", "dist/main.js"]
