# syntax=docker/dockerfile:1
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force
# What was just installed, in CycloneDX; `docker build --target sbom --output DIR .` writes it alone. Not by --omit=dev, which
# in npm 11 also omits packages of ours that a development tool wants too (zod).
RUN npm pkg delete devDependencies && npm sbom --sbom-format=cyclonedx > sbom.cdx.json

FROM scratch AS sbom
COPY --from=dependencies /app/sbom.cdx.json /

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production ARTWORK_STORE=/var/lib/album-enricher/artwork
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=dependencies /app/sbom.cdx.json ./
COPY package.json ./
COPY schemas schemas
COPY src src
# The artwork is the only thing written, so the root file system may be read-only. The store itself is made by the first image:
# one of the image's own, where a volume is not mounted, would be an empty store in which all that is to be deleted is gone.
RUN mkdir /var/lib/album-enricher && chown 1000:1000 /var/lib/album-enricher
VOLUME /var/lib/album-enricher
USER 1000:1000
EXPOSE 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.METRICS_PORT || 9464) + '/live').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# The bin itself: its first line sets the memory flags, and node is the process that gets the signals.
ENTRYPOINT ["/app/src/cli.ts"]
CMD ["run"]
# Last, so that a new version leaves the layers above as they are.
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="album-enricher" \
      org.opencontainers.image.description="Kafka consumer that finds the Amazon products of imported albums" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
