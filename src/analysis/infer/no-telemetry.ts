/**
 * Imported before ONNX Runtime wherever it is loaded: without this it keeps an identifier of this machine in the home
 * folder and posts usage data to its maker. The library reads it once, when it is loaded.
 */
process.env.ORT_DISABLE_TELEMETRY = '1';
