/** Small and quick to start: these servers serve one machine for minutes. */
export const JAVA_FLAGS = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
