// Writes huggingface.parquet for the tests beside it: 40 grey images of one
// pixel, whose value is the row, in row groups of 16, without an index of pages.
//
//	npm install hyparquet-writer@0.17.0 && node parquet.mjs
import { parquetWriteBuffer } from 'hyparquet-writer'
import { writeFileSync } from 'node:fs'
import { crc32, deflateSync } from 'node:zlib'

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data])
  const ends = Buffer.alloc(8)
  ends.writeUInt32BE(data.length, 0)
  ends.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)])
}

function png(value) {
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0])
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.from([0, value]))), chunk('IEND', Buffer.alloc(0)),
  ])
}

const rows = Array.from({ length: 40 }, (_, i) => i)
const features = {
  image: { _type: 'Image' },
  label: { names: ['ant', 'bee', 'cat'], _type: 'ClassLabel' },
}
const content = parquetWriteBuffer({
  columnData: [
    { name: 'image', data: rows.map(i => i === 33 ? { path: 'none.png' } : { bytes: png(i), path: `${i}.png` }), offsetIndex: false },
    { name: 'label', data: rows.map(i => i % 5 === 4 ? null : BigInt(i % 3)), offsetIndex: false },
    { name: 'key', data: rows.map(i => `k${i}`), offsetIndex: false },
  ],
  schema: [
    { name: 'root', num_children: 3 },
    { name: 'image', num_children: 2, repetition_type: 'OPTIONAL' },
    { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
    { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
    { name: 'label', type: 'INT64', repetition_type: 'OPTIONAL' },
    { name: 'key', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
  ],
  pageSize: 400,
  rowGroupSize: 16,
  kvMetadata: [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }],
})
writeFileSync(new URL('huggingface.parquet', import.meta.url), Buffer.from(content))
