import { openMqttPair } from '../support/fleet-pair.js';
import { engineConformance } from './conformance.js';

engineConformance('fleet, over MQTT', openMqttPair);
