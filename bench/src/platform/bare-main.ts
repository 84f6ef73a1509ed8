/** The peer: bare Fastify answering the probe's POST, without authentication, validation, metrics or log. */
import fastify from 'fastify';

const app = fastify();
app.post<{ Body: { id: string; amountMicros: number } }>('/v1/probe', (request) => ({
  id: request.body.id,
  amountMicros: request.body.amountMicros + 1,
}));
await app.listen({ port: 0, host: '127.0.0.1' });
process.send?.({ url: app.listeningOrigin });
