# syntax=docker/dockerfile:1
# The program of the controller and the propeller shards: pipectl, Node, git with its HTTP server, ssh and gpg for signatures.
ARG NODE=node:26-bookworm-slim

FROM ${NODE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY rolldown.config.ts tsconfig.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev --ignore-scripts
# Types, source maps and manuals of packages are most of their bytes, and nothing that runs reads them.
RUN find node_modules -type f -regextype posix-extended -regex '.*\.(d\.[cm]?ts|map|md)' -delete

FROM ${NODE}
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates git gpg openssh-client \
 && rm -rf /var/lib/apt/lists/* /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /opt/yarn*
COPY --from=build /build/package.json /app/package.json
COPY --from=build /build/node_modules /app/node_modules
COPY --from=build /build/dist /app/dist
COPY bin /app/bin
COPY schemas /app/schemas
ENV NODE_ENV=production HOME=/tmp
# No user of a node has this id. Nothing is written but to /tmp and the folder of --data.
USER 65532:65532
ENTRYPOINT ["node", "/app/bin/pipectl.js"]
