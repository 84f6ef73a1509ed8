/** Clients made of what a server says about itself (gRPC server reflection, v1): no .proto file, no generated code. */
import { credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { fromJSON, loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';

/** The part of grpc/reflection/v1/reflection.proto that is spoken here. */
const REFLECTION = {
  nested: {
    grpc: {
      nested: {
        reflection: {
          nested: {
            v1: {
              nested: {
                ServerReflection: {
                  methods: {
                    ServerReflectionInfo: {
                      requestType: 'Request',
                      requestStream: true,
                      responseType: 'Response',
                      responseStream: true,
                    },
                  },
                },
                Request: {
                  oneofs: {
                    ask: { oneof: ['fileByFilename', 'fileContainingSymbol', 'listServices'] },
                  },
                  fields: {
                    fileByFilename: { type: 'string', id: 3 },
                    fileContainingSymbol: { type: 'string', id: 4 },
                    listServices: { type: 'string', id: 7 },
                  },
                },
                Response: {
                  fields: {
                    files: { type: 'Files', id: 4 },
                    services: { type: 'Services', id: 6 },
                    error: { type: 'Failure', id: 7 },
                  },
                },
                Files: { fields: { proto: { rule: 'repeated', type: 'bytes', id: 1 } } },
                Services: { fields: { service: { rule: 'repeated', type: 'Service', id: 1 } } },
                Service: { fields: { name: { type: 'string', id: 1 } } },
                Failure: {
                  fields: { code: { type: 'int32', id: 1 }, message: { type: 'string', id: 2 } },
                },
              },
            },
          },
        },
      },
    },
  },
};
const { ServerReflection } = loadPackageDefinition(fromJSON(REFLECTION)).grpc.reflection.v1;

/** What a server offers, learned from itself. */
export class ReflectedServer {
  #target;
  #reflection;

  constructor(target) {
    this.#target = target;
    this.#reflection = new ServerReflection(target, credentials.createInsecure());
  }

  /** Full names of all services. */
  async services() {
    const { services } = await this.#ask({ listServices: '' });
    return services.service.map(({ name }) => name).sort();
  }

  /** A client of one service, by its full name. */
  async client(name) {
    const files = new Map();
    await this.#collect(await this.#ask({ fileContainingSymbol: name }), files);
    const set = Buffer.concat([...files.values()].flatMap((file) => [lengthPrefix(file), file]));
    const options = { longs: String, enums: String, defaults: true, oneofs: true };
    const loaded = loadPackageDefinition(loadFileDescriptorSetFromBuffer(set, options));
    const Client = name.split('.').reduce((at, part) => at[part], loaded);
    return new Client(this.#target, credentials.createInsecure());
  }

  close() {
    this.#reflection.close();
  }

  /** Adds the files of an answer, and those that they import. */
  async #collect({ files }, known) {
    for (const file of files.proto) {
      const { name, imports } = readFile(file);
      if (known.has(name)) continue;
      known.set(name, file);
      for (const fileByFilename of imports) {
        if (!known.has(fileByFilename))
          await this.#collect(await this.#ask({ fileByFilename }), known);
      }
    }
  }

  /** One question, one answer. */
  #ask(question) {
    return new Promise((resolve, reject) => {
      const call = this.#reflection.ServerReflectionInfo({ deadline: Date.now() + 10_000 });
      call.on('error', reject);
      call.on('data', (answer) => {
        call.end();
        if (answer.error) reject(new Error(`${JSON.stringify(question)}: ${answer.error.message}`));
        else resolve(answer);
      });
      call.write(question);
    });
  }
}

/** A FileDescriptorSet is its files one after another, each with this before it: field 1, length. */
function lengthPrefix(file) {
  const bytes = [0x0a];
  let length = file.length;
  for (; length > 0x7f; length >>>= 7) bytes.push((length & 0x7f) | 0x80);
  return Buffer.from([...bytes, length]);
}

/** Name (field 1) and imports (field 3) of a FileDescriptorProto. */
function readFile(file) {
  let at = 0;
  const varint = () => {
    let [value, shift, byte] = [0, 0, 0x80];
    for (; byte & 0x80; shift += 7) value |= ((byte = file[at++]) & 0x7f) << shift;
    return value;
  };
  const [found, imports] = [{ name: '' }, []];
  while (at < file.length) {
    const key = varint();
    // A FileDescriptorProto has strings and messages (wire type 2) and a few integers.
    const length = varint();
    if ((key & 7) !== 2) continue;
    const text = () => file.toString('utf8', at, at + length);
    if (key >> 3 === 1) found.name = text();
    if (key >> 3 === 3) imports.push(text());
    at += length;
  }
  return { ...found, imports };
}
