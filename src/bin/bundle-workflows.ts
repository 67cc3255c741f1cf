/** Writes all flows into the one file named, as a production worker loads them. */
import { bundleWorkflows } from '../infra/temporal/bundle.js';

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: bundle-workflows <file>');
await bundleWorkflows(file);
