// Serves PGlite with pgvector on the given port of 127.0.0.1, prints the URL,
// and ends with its standard input.
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'

const port = Number(process.argv[2])
const db = await PGlite.create({ extensions: { vector } })
// One session for all connections; a new one may come while the last is closing.
const server = new PGLiteSocketServer({ db, port, host: '127.0.0.1', maxConnections: 8 })
await server.start()
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
console.log(`postgres://postgres@127.0.0.1:${port}/postgres?sslmode=disable`)
