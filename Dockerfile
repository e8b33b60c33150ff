# The operator's image, for those who build with BuildKit: docs/operations/image.md. A test of xtask holds the last
# stage to what `cargo xtask image` makes without Docker.

FROM --platform=$BUILDPLATFORM rust:1.95.0-bookworm AS builder
ARG BUILDARCH
ARG TARGETARCH
RUN [ "$TARGETARCH" = "$BUILDARCH" ] || { apt-get update && apt-get install -y crossbuild-essential-$TARGETARCH; }
WORKDIR /source
COPY . .
RUN cargo xtask image --arch $TARGETARCH --directory /image

FROM scratch
COPY --from=builder /image/ /
USER 65532:65532
ENV PATH=/
EXPOSE 10254/tcp
ENTRYPOINT ["/flinkk8soperator"]
LABEL org.opencontainers.image.title="flinkk8soperator"
LABEL org.opencontainers.image.description="Kubernetes operator for Apache Flink"
LABEL org.opencontainers.image.version="0.1.0"
LABEL org.opencontainers.image.licenses="Apache-2.0"
