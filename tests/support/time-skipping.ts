import { TestWorkflowEnvironment } from '@temporalio/testing';
import { serviceUrl } from './services.js';

/** The SDK gives a server 5 s to start, which a busy machine may need more than once. */
const TRIES = 10;

/** Temporal's test server, whose time is skipped wherever nobody works. */
export async function startTimeSkipping(): Promise<TestWorkflowEnvironment> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await TestWorkflowEnvironment.createTimeSkipping({
        server: { executable: { type: 'existing-path', path: serviceUrl('test-server') } },
      });
    } catch (error) {
      if (tries === TRIES || !String(error).includes('did not start within')) throw error;
    }
  }
}
