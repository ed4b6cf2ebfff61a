// Runs an ONNX network in onnxruntime-node: node run_onnx.mjs <model.onnx> <folder>
// The folder holds request.json, a list of { name, type, shape, file } with raw little-endian files of the inputs;
// the outputs are written beside it in the same form, listed in reply.json.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ort from 'onnxruntime-node';

const [model, folder] = process.argv.slice(2);
const session = await ort.InferenceSession.create(model, { executionProviders: ['cpu'], intraOpNumThreads: 2 });
const arrays = { float32: Float32Array, uint8: Uint8Array, int32: Int32Array };
const feeds = {};
for (const { name, type, shape, file } of JSON.parse(readFileSync(join(folder, 'request.json'), 'utf8'))) {
  const bytes = readFileSync(join(folder, file));
  const values = new arrays[type](bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  feeds[name] = new ort.Tensor(type, values, shape);
}
const outputs = await session.run(feeds);
const reply = Object.entries(outputs).map(([name, tensor]) => {
  const file = `output-${name}`;
  writeFileSync(join(folder, file), Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength));
  return { name, type: tensor.type, shape: tensor.dims, file };
});
writeFileSync(join(folder, 'reply.json'), JSON.stringify(reply));
