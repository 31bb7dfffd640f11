#!/usr/bin/env bash
# start.sh install VERSION DIR [vectors]
#                                   has Maven fetch OpenSearch and its security plugin, and
#                                   the plugin for vectors, which 2.19.4 is there without
# start.sh serve VERSION DIR HOME   serves HOME/config/opensearch.yml on a free port of
#                                   127.0.0.1 and prints its URL; with the security plugin
#                                   where HOME/config/opensearch-security has its files,
#                                   with the one for vectors if DIR has it.
#                                   Ends with its standard input
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly unavailable=3 # exit code where what is needed cannot be had

# java_between LOW HIGH: prints a Java of a major version between these.
java_between() {
  local java version
  for java in "${JAVA_HOME:-/nonexistent}/bin/java" "$(command -v java || true)" /usr/lib/jvm/*/bin/java; do
    [[ -x $java ]] || continue
    version=$("$java" -version 2>&1 | head -n 1)
    [[ $version =~ \"([0-9]+) ]] || continue
    if ((BASH_REMATCH[1] >= $1 && BASH_REMATCH[1] <= $2)); then
      echo "$java"
      return
    fi
  done
  return 1
}

java_for() { # VERSION
  case $1 in
    2.*) java_between 17 23 ;; # the last one with a security manager
    *) java_between 21 99 ;;
  esac
}

# stubs JAVAC DIR: compiles what the plugin for vectors names of the plugin for gRPC,
# which is not in Maven Central, and uses only if that is there.
stubs() {
  local grpc=$2/org/opensearch/transport/grpc/spi name
  mkdir -p "$grpc" "$2/org/opensearch/protobufs"
  for name in QueryBuilderProtoConverter QueryBuilderProtoConverterRegistry; do
    echo "package org.opensearch.transport.grpc.spi; public interface $name {}" >"$grpc/$name.java"
  done
  echo 'package org.opensearch.protobufs; public class QueryContainer { public enum QueryContainerCase {} }' >"$2/org/opensearch/protobufs/QueryContainer.java"
  "$1" "$grpc"/*.java "$2"/org/opensearch/protobufs/*.java
}

what=$1 version=$2 dir=$3
case $what in
  install)
    if ! command -v mvn >/dev/null && [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null; then
      {
        apt-get update
        DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends maven openjdk-17-jdk-headless openssl
      } >&2
    fi
    java_for "$version" >/dev/null || {
      echo "no Java that OpenSearch $version runs on" >&2
      exit "$unavailable"
    }
    mvn --batch-mode --quiet --file pom.xml -Dopensearch="$version" -Dfolder="$dir" ${4:+"-P$4"} package >&2 || exit "$unavailable"
    ;;
  serve)
    home=$4 classpath=$(<"$dir/classpath")
    plugins=(org.opensearch.transport.Netty4ModulePlugin org.opensearch.painless.PainlessModulePlugin)
    if [[ $version == 2.* ]]; then
      plugins=("${plugins[@]/Module/}")
    fi
    options=(-Xms1g -Xmx1g -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dlog4j2.configurationFile="$PWD/log4j2.properties")
    if [[ $version != 2.* ]]; then
      options+=(--enable-native-access=ALL-UNNAMED)
    fi
    if [[ -d $dir/vectors ]]; then
      stubs "$(java_for "$version")c" "$home/stubs"
      classpath+=":$home/stubs:$dir/vectors/*:$(echo "$dir"/security/guava-*.jar)" # Guava is not in its zip either
      plugins+=(org.opensearch.knn.plugin.KNNPlugin)
    fi
    if [[ -d $home/config/opensearch-security ]]; then
      classpath+=":$dir/security/*"
      plugins+=(org.opensearch.security.OpenSearchSecurityPlugin)
      # The plugin insists on TLS between nodes, of which there is one.
      openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=node -addext subjectAltName=IP:127.0.0.1 \
        -keyout "$home/config/key.pem" -out "$home/config/certificate.pem" 2>/dev/null
    fi
    exec "$(java_for "$version")" "${options[@]}" -cp "$classpath" Server.java "$home" "${plugins[@]}"
    ;;
esac
