# docker build -t synchrodb .
# docker run --rm synchrodb campaign --seeds 0..300 --jobs 2

FROM debian:12-slim AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /synchrodb
# Apart from the sources, so that an edit does not install again.
COPY .ci/setup .ci/packages .ci/
RUN .ci/setup build && rm -rf /var/lib/apt/lists/*
COPY . .
RUN cmake --preset release -DSYNCHRODB_TESTS=OFF \
    && cmake --build --preset release --target binaries \
    && strip --strip-debug build/release/bin/*

# The binaries need only the C and C++ runtime, which every Debian image has.
FROM debian:12-slim
RUN useradd --create-home --uid 1000 synchrodb
COPY --from=build /synchrodb/build/release/bin/ /usr/local/bin/
USER synchrodb
WORKDIR /home/synchrodb
ENTRYPOINT ["synchrodb-sim"]
CMD ["--help"]
