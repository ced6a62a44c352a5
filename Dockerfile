# Both images can be pinned by digest, which `docker buildx imagetools inspect NAME` prints:
#   docker build --build-arg BUILD_IMAGE=node:24@sha256:… --build-arg RUN_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot@sha256:… .
# The tags alone follow the newest patches of Node 24.
ARG BUILD_IMAGE=node:24
ARG RUN_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN ["npm", "ci"]
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN ["npm", "run", "build"]
RUN ["npm", "prune", "--omit=dev"]
RUN ["mkdir", "/build/data"]

FROM ${RUN_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="mttr-exporter" \
      org.opencontainers.image.description="Prometheus exporter for recovery times: exact MTTR histograms and windowed gauges from incident platforms" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="gcr.io/distroless/nodejs24-debian13:nonroot"
COPY --from=build /build/package.json /opt/mttr-exporter/
COPY --from=build /build/node_modules /opt/mttr-exporter/node_modules
COPY --from=build /build/dist /opt/mttr-exporter/dist
COPY LICENSE /opt/mttr-exporter/
# The store's default path, data/mttr-exporter.db, is relative: it lands in the volume.
WORKDIR /var/lib/mttr-exporter
COPY --from=build --chown=65532:65532 /build/data data
VOLUME ["/var/lib/mttr-exporter/data"]
ENV NODE_ENV=production
USER 65532:65532
EXPOSE 16887
# Plain HTTP on the default port: with TLS, a prefix or another port give a check of your own, or --no-healthcheck.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["/nodejs/bin/node", "-e", "fetch('http://127.0.0.1:16887/-/healthy').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/nodejs/bin/node", "/opt/mttr-exporter/dist/cli/main.js"]
