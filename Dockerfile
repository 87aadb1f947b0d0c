# The image of agent and controller; the agent also installs the CNI plugin on its node.
# Build: docker build -t warren:0.1.0 .    Base image and npm registry are settings of the builder.
ARG DEBIAN=debian:12-slim

FROM ${DEBIAN} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates npm \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# The lock alone decides this layer: it stays cached while sources change.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY .scripts .scripts
COPY cmd cmd
COPY lib lib
COPY deploy deploy
RUN PATH="/src/node_modules/.bin:$PATH" node .scripts/build.ts

FROM ${DEBIAN}
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates nftables \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/dist /opt/warren
ENV PATH=/opt/warren/bin:$PATH
# The agent needs root and the host's network; the controller's manifest sets an unprivileged user.
CMD ["warren-agent"]
