import { describe, expect, test } from 'vitest'
import { checkImageUrl } from '../../../src/enrich/artwork/check-image-url.ts'

const allowed = { hosts: ['m.media-amazon.com', 'Other.Example:8443', '8.8.8.8'], insecureHost: '127.0.0.1:9000' }
const codeOf = (url: string, base?: URL) => {
  try {
    return checkImageUrl(url, allowed, base).href
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('lets through', () => {
  test.each([
    ['an allowed host', 'https://m.media-amazon.com/images/I/51+a%2B.jpg'],
    ['an allowed host with its port', 'https://other.example:8443/a.jpg'],
    ['the insecure host', 'http://127.0.0.1:9000/images/I/a.jpg'],
    ['an allowed public address', 'https://8.8.8.8/a.jpg'],
  ])('%s', (_what, url) => {
    expect(codeOf(url)).toBe(url)
  })

  test('an allowed host in capitals', () => {
    expect(codeOf('HTTPS://M.MEDIA-AMAZON.COM/A.jpg')).toBe('https://m.media-amazon.com/A.jpg')
  })

  test('a relative redirect on the same host', () => {
    expect(codeOf('/b.jpg', new URL('https://m.media-amazon.com/a.jpg'))).toBe('https://m.media-amazon.com/b.jpg')
  })
})

describe('refuses as a host', () => {
  test.each([
    ['another host', 'https://example.com/a.jpg'],
    ['a host that begins like an allowed one', 'https://m.media-amazon.com.example.com/a.jpg'],
    ['a subdomain of an allowed one', 'https://x.m.media-amazon.com/a.jpg'],
    ['an allowed host with a dot at its end', 'https://m.media-amazon.com./a.jpg'],
    ['an allowed host as the user name', 'https://m.media-amazon.com@example.com/a.jpg'],
    ['credentials', 'https://user:secret@m.media-amazon.com/a.jpg'],
    ['another port', 'https://m.media-amazon.com:8443/a.jpg'],
    ['http', 'http://m.media-amazon.com/a.jpg'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:image/png;base64,AAAA'],
    ['localhost', 'https://localhost/a.jpg'],
    ['no URL', 'not a url'],
    ['an octal number that is no address', 'https://0999/a.jpg'],
    ['a public address', 'https://1.1.1.1/a.jpg'],
    ['a host that looks allowed by full-width dots', 'https://m.media-amazon.com。example.com/a.jpg'],
  ])('%s', (_what, url) => {
    expect(codeOf(url)).toBe('ARTWORK_HOST_REFUSED')
  })
})

describe('refuses as an address', () => {
  test.each([
    ['loopback', 'https://127.0.0.1/a.jpg'],
    ['loopback in decimal', 'https://2130706433/a.jpg'],
    ['loopback in octal', 'https://0177.0.0.1/a.jpg'],
    ['loopback in hexadecimal', 'https://0x7f000001/a.jpg'],
    ['loopback in short', 'https://127.1/a.jpg'],
    ['loopback in full-width digits', 'https://１２７.0.0.1/a.jpg'],
    ['loopback in IPv6', 'https://[::1]/a.jpg'],
    ['loopback mapped into IPv6', 'https://[::ffff:127.0.0.1]/a.jpg'],
    ['metadata in IPv6', 'https://[fd00:ec2::254]/a.jpg'],
    ['metadata', 'http://169.254.169.254/latest/meta-data/'],
    ['metadata in decimal', 'http://2852039166/latest/meta-data/'],
    ["the insecure host's address with another port", 'http://127.0.0.1:9001/a.jpg'],
    ['the insecure host by https', 'https://127.0.0.1:9000/a.jpg'],
  ])('%s', (_what, url) => {
    expect(codeOf(url)).toBe('ARTWORK_ADDRESS_REFUSED')
  })
})

test('tells neither credentials nor the query', () => {
  expect(() => checkImageUrl('https://user:secret@example.com/a.jpg?token=hidden', allowed)).toThrow(
    /^Image https:\/\/example.com\/a.jpg is not a plain https URL.$/,
  )
})
