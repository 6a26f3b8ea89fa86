// The program straight from the sources of a tree, which need not be built.
import { main } from '../../../src/cli/main.js';

await main();
