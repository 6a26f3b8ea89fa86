import { openDurablePair } from '../support/durable-pair.js';
import { engineConformance } from './conformance.js';

engineConformance('fleet, with a journal on the disk', openDurablePair);
