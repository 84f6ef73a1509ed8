/** The peer of a single hold: bare Fastify that answers the JSON it was sent. */
import fastify from 'fastify';

const app = fastify();
app.post('/v1/holds', (request) => request.body);
await app.listen({ port: 0, host: '127.0.0.1' });
process.send?.({ url: app.listeningOrigin });
