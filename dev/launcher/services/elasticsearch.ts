import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildElasticsearch, elasticsearchHome } from '../../elasticsearch/build.js';
import { startComposed } from '../compose.js';
import { findJava, type Jdk } from '../java.js';
import type { Found, Service, ServiceContext } from '../service.js';

/** Elasticsearch 9 runs on nothing older. */
const OLDEST_JAVA = 21;

export const elasticsearch: Service = {
  name: 'elasticsearch',
  variable: 'ELASTICSEARCH_URL',
  advice: `install a JDK ${OLDEST_JAVA} or newer and Maven, or set ELASTICSEARCH_URL`,
  without: 'search uses PostgreSQL instead: it works, with plainer ranking and no Elasticsearch features',
  ways: {
    async environment({ env }) {
      return describeElasticsearch(env['ELASTICSEARCH_URL'] ?? '', 'ELASTICSEARCH_URL');
    },
    async local(context) {
      const jdk = findJava(OLDEST_JAVA, true);
      const home = elasticsearchHome(context.profile.root);
      if (!existsSync(home)) throw new Error("it was not built out of Maven's jars yet");
      return startNode(context, home, jdk);
    },
    async docker(context) {
      const port = await context.profile.port('elasticsearch');
      await startComposed(context, 'elasticsearch', { ELASTICSEARCH_PORT: String(port) });
      return describeElasticsearch(`http://127.0.0.1:${port}`, 'Docker Compose');
    },
    async build(context) {
      const jdk = findJava(OLDEST_JAVA, true);
      context.say("building it out of Maven's jars: under a minute, once");
      return startNode(context, await buildElasticsearch(context.profile.root, jdk, context.say), jdk);
    },
  },
};

async function startNode({ profile, supervisor }: ServiceContext, home: string, jdk: Jdk): Promise<Found> {
  const port = await profile.port('elasticsearch');
  const url = `http://127.0.0.1:${port}`;
  const folder = profile.subfolder('elasticsearch');
  await supervisor.start({
    name: 'elasticsearch',
    command: join(jdk.home, 'bin', 'java'),
    args: [
      ...['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dlog4j.shutdownHookEnabled=false'],
      ...['--enable-native-access=ALL-UNNAMED', '-cp', `${join(home, 'lib', '*')}:${join(home, 'classes')}`],
      ...['perdure.elasticsearch.DevelopmentNode', home, `http.port=${port}`],
      ...[`path.data=${join(folder, 'data')}`, `path.logs=${join(folder, 'logs')}`],
    ],
    cwd: folder,
    readyWithinMs: 120_000,
    probe: async () => {
      const health = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=1s`, {
        signal: AbortSignal.timeout(3_000),
      });
      return health.ok;
    },
  });
  return describeElasticsearch(url, `Maven's jars on Java ${jdk.major}`);
}

async function describeElasticsearch(url: string, from: string): Promise<Found> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch((error: Error) => {
    throw new Error(`no Elasticsearch answers there: ${error.message}`);
  });
  const { version } = (await response.json()) as { version?: { number?: string } };
  if (version?.number === undefined) throw new Error('what answers there is not Elasticsearch');
  return { from, version: version.number, address: new URL(url).host, env: { ELASTICSEARCH_URL: url } };
}
