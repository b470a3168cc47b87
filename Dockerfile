# The image of a release; see docs/containers.md. To build it by hand:
# docker compose -f docker-compose.green.yml up -d --build. Every stage is cached, so a code change installs nothing.
ARG NODE_IMAGE=node:24-bookworm-slim

# npm's input without the fields that change with every release, so a new version number installs nothing either. A project
# whose install depends on more than these files (workspaces, linked folders, install scripts of its own) is installed as a
# whole below, as Switchyard does without containers.
FROM ${NODE_IMAGE} AS manifest
WORKDIR /app
COPY package.json package-lock.json* npm-shrinkwrap.json* .npmrc* ./
RUN node -e "const fs = require('fs'); \
  const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8').replace(/^\uFEFF/, '')); \
  const files = ['package.json', 'package-lock.json', 'npm-shrinkwrap.json'].filter(fs.existsSync); \
  const scripts = read('package.json').scripts || {}; \
  const own = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare']; \
  const places = files.slice(1).flatMap((file) => Object.keys(read(file).packages || {})); \
  const isWhole = own.some((name) => scripts[name]) || places.some((place) => place && !place.startsWith('node_modules/')); \
  fs.writeFileSync('/mode', isWhole ? 'whole' : 'shared'); \
  for (const file of files) { \
    const json = read(file); \
    for (const each of [json, json.packages?.['']]) { if (each) { delete each.version; delete each.scripts; } } \
    if (isWhole) fs.rmSync(file); else fs.writeFileSync(file, JSON.stringify(json)); \
  }"

# npm gets this machine's .npmrc and certificates (docker-compose.*.yml) and the variables of `env set --for install` as
# build secrets, which stay in no layer. INSTALL_VARIABLES and BUILD_VARIABLES are keyed hashes: they only show the
# builder that a cached layer was built with different values.
FROM ${NODE_IMAGE} AS packages
WORKDIR /app
ENV NPM_CONFIG_AUDIT=false NPM_CONFIG_FUND=false NPM_CONFIG_UPDATE_NOTIFIER=false NPM_CONFIG_CACHE=/npm-cache
COPY --from=manifest /mode /mode
COPY --from=manifest /app ./
ARG INSTALL_VARIABLES

FROM packages AS packages-for-build
RUN --mount=type=cache,target=/npm-cache --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=ca \
  --mount=type=secret,id=install-variables \
  mkdir -p node_modules; if [ "$(cat /mode)" = whole ]; then exit 0; fi; \
  if [ -s /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; \
  if [ -s /run/secrets/install-variables ]; then . /run/secrets/install-variables; fi; \
  nice -n 10 npm ci --include=dev && mkdir -p node_modules

FROM packages AS packages-to-run
RUN --mount=type=cache,target=/npm-cache --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=ca \
  --mount=type=secret,id=install-variables \
  mkdir -p node_modules; if [ "$(cat /mode)" = whole ]; then exit 0; fi; \
  if [ -s /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; \
  if [ -s /run/secrets/install-variables ]; then . /run/secrets/install-variables; fi; \
  nice -n 10 npm ci --omit=dev && mkdir -p node_modules

FROM ${NODE_IMAGE} AS build
WORKDIR /app
ENV NPM_CONFIG_AUDIT=false NPM_CONFIG_FUND=false NPM_CONFIG_UPDATE_NOTIFIER=false NPM_CONFIG_CACHE=/npm-cache
COPY --from=manifest /mode /mode
COPY . .
ARG INSTALL_VARIABLES
RUN --mount=type=cache,target=/npm-cache --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=ca \
  --mount=type=secret,id=install-variables \
  mkdir /changed; if [ "$(cat /mode)" = shared ]; then exit 0; fi; \
  if [ -s /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; \
  if [ -s /run/secrets/install-variables ]; then . /run/secrets/install-variables; fi; \
  nice -n 10 npm ci --include=dev && mkdir -p node_modules

# Copies what a build writes into node_modules, such as a generated client or a patch, to /changed.
ARG KEEP_CHANGES="const fs = require('fs'); \
  const since = fs.statSync('/installed').ctimeMs; \
  const keep = (folder) => { \
    for (const each of fs.readdirSync(folder, { withFileTypes: true })) { \
      const file = folder + '/' + each.name; \
      if (each.isDirectory()) { if (each.name !== '.cache') keep(file); } \
      else if (fs.lstatSync(file).ctimeMs > since) fs.cpSync(file, '/changed/' + file, { verbatimSymlinks: true }); \
    } \
  }; \
  keep('node_modules');"
ARG BUILD="npm run --if-present build:app"
ARG SWITCHYARD_COMMIT BUILD_VARIABLES
# The packages are only mounted here, so none of them remain beside the build's output.
RUN --mount=type=bind,from=packages-for-build,source=/app/node_modules,target=/app/node_modules,rw \
  --mount=type=secret,id=build-variables \
  if [ "$(cat /mode)" = whole ]; then exit 0; fi; \
  export NODE_ENV=production; \
  if [ -s /run/secrets/build-variables ]; then . /run/secrets/build-variables; fi; \
  touch /installed && nice -n 10 sh -c "$BUILD" && node -e "$KEEP_CHANGES"
RUN --mount=type=secret,id=build-variables \
  if [ "$(cat /mode)" = shared ]; then exit 0; fi; \
  export NODE_ENV=production; \
  if [ -s /run/secrets/build-variables ]; then . /run/secrets/build-variables; fi; \
  touch /installed && nice -n 10 sh -c "$BUILD" && node -e "$KEEP_CHANGES" && npm prune --omit=dev --ignore-scripts
ARG START=dist/app/server.js
# The app's user must be able to read what was checked out with a strict umask.
RUN rm -f .npmrc && \
  find . -name node_modules -prune -o ! -type l \( ! -perm -444 -o -type d ! -perm -555 \) -exec chmod a+rX {} + && \
  { [ -f "$START" ] || { echo "This commit has no $START, which app.start names."; exit 1; }; }

FROM ${NODE_IMAGE}
RUN mkdir /data && chown node:node /data
WORKDIR /app
COPY --from=packages-to-run /app/node_modules ./node_modules
COPY --from=build /app ./
COPY --from=build /changed ./
ENV NODE_ENV=production PORT=8080 HEALTH=/health SWITCHYARD_DATA=/data
USER node
HEALTHCHECK --interval=30s --timeout=5s CMD ["node", "-e", "\
  const { PORT, HEALTH } = process.env; \
  require('http').get({ port: PORT, path: HEALTH, host: '127.0.0.1' }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)) \
    .on('error', () => process.exit(1));"]
ARG START=dist/app/server.js
ENV START=$START
CMD ["sh", "-c", "exec node \"$START\""]
