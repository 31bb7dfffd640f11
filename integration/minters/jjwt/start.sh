#!/usr/bin/env bash
# start.sh FOLDER: copies the jars of jjwt to FOLDER, and mints and reads tokens with
# them as Mint.java says.
set -euo pipefail
source ../install.sh

or_unavailable have 'javac --version && mvn --version' openjdk-17-jdk-headless maven
cp pom.xml "$1"
or_unavailable mvn --quiet --batch-mode -Dstyle.color=never --file "$1/pom.xml" dependency:copy-dependencies -DoutputDirectory="$1/lib"
exec java -cp "$1/lib/*" Mint.java "$1"
