import { openLoopbackPair } from '../support/fleet-pair.js';
import { engineConformance } from './conformance.js';

engineConformance('fleet, on a bus within the process', openLoopbackPair);
