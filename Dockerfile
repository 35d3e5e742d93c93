# docker build -t synchrodb .
# docker run --rm -p 127.0.0.1:7379:7379 synchrodb            # a server; then: redis-cli -p 7379
# docker run --rm synchrodb synchrodb-sim campaign --seeds 0..300 --jobs 2
# docker compose up                                           # three nodes: see compose.yaml

FROM debian:12-slim AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /synchrodb
# Apart from the sources, so that an edit does not install again.
COPY .ci/setup .ci/install .ci/packages .ci/
RUN .ci/setup build && rm -rf /var/lib/apt/lists/*
COPY . .
RUN cmake --preset release -DSYNCHRODB_TESTS=OFF -DSYNCHRODB_PYTHON=OFF \
    && cmake --build --preset release --target binaries \
    && strip --strip-debug build/release/bin/*

FROM debian:12-slim
# All that the binaries need beside the C and C++ runtime, which every Debian image has.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libprometheus-cpp-core1.0 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 1000 synchrodb \
    && install --directory --owner synchrodb --group synchrodb /data
COPY --from=build /synchrodb/build/release/bin/ /usr/local/bin/
USER synchrodb
WORKDIR /home/synchrodb
VOLUME /data

# Any option of the server can be set like these (synchrodb-server --help); flags go before them.
# A container's loopback is nobody else's, so the server listens on all of the container's addresses.
# Nor are its clients ever on "this machine": protected mode would refuse all of them until there is
# a password. It is off, and what keeps strangers out is that no port is reachable from outside the
# host until it is published. Publish on 127.0.0.1, or set SYNCHRODB_REQUIREPASS (clients) and
# SYNCHRODB_CLUSTER_SECRET (nodes and administrators).
ENV SYNCHRODB_DIR=/data SYNCHRODB_BIND=0.0.0.0 SYNCHRODB_PROTECTED_MODE=no
# Redis clients; RPC of nodes and administrators; /metrics, /healthz and /readyz.
EXPOSE 7379 17379 27379
# Healthy: this node knows a leader.
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s \
    CMD SYNCHRODB_PASSWORD="$SYNCHRODB_CLUSTER_SECRET" synchrodb-cli --timeout 3 cluster wait
CMD ["synchrodb-server"]
