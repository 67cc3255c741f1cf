// Who may import whom: the table in docs/adr, as rules. What workflows touch at run time is checked by
// dev/check/workflow-imports.cjs, because there imports of types do not count.
const FRONT_DOOR = String.raw`/(index|types)\.ts$`;
const PORTS = String.raw`/(index|types|ports)\.ts$`;

/**
 * @param {string} name @param {object} from @param {object} to @param {string} comment
 * @returns {import('dependency-cruiser').IForbiddenRuleType}
 */
const forbid = (name, from, to, comment) => ({ name, severity: 'error', comment, from, to });

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    forbid('no-cycles', {}, { circular: true }, 'A cycle means two modules that are one.'),
    forbid(
      'no-unresolved',
      {},
      { couldNotResolve: true },
      'An import that leads nowhere works only by accident of another tool.',
    ),
    forbid(
      'no-undeclared-packages',
      { path: '^src/' },
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'], dependencyTypesNot: ['type-only'] },
      'Production installs only what package.json names under dependencies.',
    ),
    forbid(
      'src-stands-alone',
      { path: '^src/' },
      { path: '^(dev|bench|tests|ops)/' },
      'Development code is not shipped.',
    ),
    forbid(
      'kernel-knows-no-slice',
      { path: '^src/domain/kernel/' },
      { path: '^src/', pathNot: '^src/domain/kernel/' },
      'Every slice rests on the kernel.',
    ),
    forbid(
      'kernel-and-types-are-storage-free',
      { path: String.raw`^src/domain/(kernel/|[^/]+/(types|ports)\.ts$)` },
      { path: 'node_modules/@mikro-orm/', dependencyTypesNot: ['type-only'] },
      'Shapes cross the sandbox wall, tables do not.',
    ),
    forbid(
      'domain-knows-no-outside',
      { path: '^src/domain/' },
      { path: '^src/(api|workflows|activities|infra|bin|config)' },
      'The outside reaches the domain through ports.',
    ),
    forbid(
      'slices-by-their-front-doors',
      { path: '^src/domain/([^/]+)/' },
      { path: '^src/domain/', pathNot: ['^src/domain/($1|kernel)/', FRONT_DOOR] },
      'What a slice does not offer in its index or types is its own.',
    ),
    forbid(
      'workflows-import-pure-domain',
      { path: '^src/workflows/' },
      {
        path: '^src/(api|infra|bin|config)|^src/domain/[^/]+/(entities|store|index)',
        dependencyTypesNot: ['type-only'],
      },
      'Workflows run in a sandbox: kernel and pure rules only.',
    ),
    forbid(
      'workflows-know-activities-by-type',
      { path: '^src/workflows/' },
      { path: '^src/activities/', dependencyTypesNot: ['type-only'] },
      'Activities are called through their proxy.',
    ),
    forbid(
      'activities-by-front-doors',
      { path: '^src/activities/' },
      { path: '^src/(api|bin|config|domain)', pathNot: ['^src/domain/kernel/', PORTS] },
      'An activity is a transaction plus a use case that its slice offers.',
    ),
    forbid(
      'activities-name-workflows-by-contract',
      { path: '^src/activities/' },
      { path: '^src/workflows/', pathNot: String.raw`^src/workflows/contracts(\.ts|/)` },
      'Flows are known by their contract.',
    ),
    forbid(
      'api-by-front-doors',
      { path: '^src/api/' },
      { path: '^src/(bin|activities|domain)', pathNot: ['^src/domain/kernel/', PORTS] },
      'A route parses, calls what a slice offers, and presents.',
    ),
    forbid(
      'api-names-workflows-by-contract',
      { path: '^src/api/' },
      { path: '^src/workflows/', pathNot: String.raw`^src/workflows/contracts(\.ts|/)` },
      'Flows are known by their contract.',
    ),
    forbid(
      'infra-implements-ports',
      { path: '^src/infra/', pathNot: String.raw`^src/infra/db/entities\.ts$` },
      {
        path: '^src/(api|activities|bin|config|domain|workflows)',
        pathNot: ['^src/domain/kernel/', PORTS, String.raw`^src/workflows/(contracts|attributes|texts)(\.ts|/)`],
      },
      'An adapter knows its vendor and the port it implements.',
    ),
    forbid(
      'infra-lists-tables',
      { path: String.raw`^src/infra/db/entities\.ts$` },
      { path: '^src/', pathNot: String.raw`^src/domain/[^/]+/entities\.ts$` },
      'The one list of all tables.',
    ),
    forbid(
      'vendors-in-infra',
      { path: '^src/', pathNot: '^src/(infra|bin)/' },
      {
        path: 'node_modules/(stripe|nodemailer|ioredis|@vonage|@elastic|pg)/',
        dependencyTypesNot: ['type-only'],
      },
      'Vendors are behind ports.',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
