// The program as a child process of a test, straight from the sources: no build is needed.
import { main } from '../../src/cli/main.js';

await main();
