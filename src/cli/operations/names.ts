export * from '../../config/operation-names.js';
