using Firehose.Decoding;

namespace Apps.Tests.Firehose.Decoding;

/// <summary>Rows 62 to 65 of the bad-input catalogue, each as a value inside a frame's body, where unknown fields are read past.</summary>
public sealed class BadCborTests
{
    [Theory]
    [InlineData("", "CBR001")]                         // row 62: nothing
    [InlineData("19", "CBR001")]                       // a head cut off
    [InlineData("5b8000000000000000", "CBR001")]       // a byte string of 2^63
    [InlineData("7b7fffffffffffffff", "CBR001")]       // text of 2^63 - 1
    [InlineData("9b0000000100000000", "CBR001")]       // an array of 2^32
    [InlineData("bb0000000100000000", "CBR001")]       // a map of 2^32
    [InlineData("9affffffff", "CBR001")]
    [InlineData("9f01ff", "CBR003")]                   // row 63: indefinite lengths
    [InlineData("bf6161f5ff", "CBR003")]
    [InlineData("5f4101ff", "CBR003")]
    [InlineData("7f6161ff", "CBR003")]
    [InlineData("ff", "CBR003")]
    [InlineData("1c", "CBR003")]                       // reserved additional information
    [InlineData("5d", "CBR003")]
    [InlineData("9e", "CBR003")]
    [InlineData("fc", "CBR003")]
    [InlineData("a2616101616102", "CBR004")]           // row 64: a key twice
    [InlineData("a2616201616102", "CBR004")]           // keys out of order
    [InlineData("a262616101616202", "CBR004")]         // the longer key first
    [InlineData("1817", "CBR004")]                     // integers and lengths longer than need be
    [InlineData("190017", "CBR004")]
    [InlineData("1a00000017", "CBR004")]
    [InlineData("1b0000000000000017", "CBR004")]
    [InlineData("3817", "CBR004")]
    [InlineData("780161", "CBR004")]
    [InlineData("f97e00", "CBR004")]                   // NaN
    [InlineData("f97c00", "CBR004")]                   // infinity
    [InlineData("fa3f800000", "CBR004")]
    [InlineData("fb3ff0000000000000", "CBR004")]
    [InlineData("f7", "CBR004")]                       // undefined, other simple values
    [InlineData("e0", "CBR004")]
    [InlineData("f8ff", "CBR004")]
    [InlineData("61ff", "CBR004")]                     // no UTF-8
    [InlineData("1bffffffffffffffff", "CBR004")]       // more than 64 bits with a sign
    [InlineData("a10101", "CBR006")]                   // a key that is no text
    [InlineData("a1f601", "CBR006")]
    [InlineData("c001", "CBR005")]                     // row 65: other tags
    [InlineData("d9d9f701", "CBR005")]
    [InlineData("d82a6161", "CBR005")]                 // 42 with text, nothing, without the zero byte
    [InlineData("d82a40", "CBR005")]
    [InlineData("d82a450171122000", "CBR005")]
    public void What_is_no_dag_cbor_is_refused_where_it_stands(string hex, string code)
    {
        byte[] start = [.. TestFrame.Header(1, "#info"), 0xa1, 0x61, (byte)'x'];
        AssertRefused([.. start, .. Convert.FromHexString(hex)]);
        // Far from the end of the input short values are read another way; what is cut off is not when more follows.
        if (code != "CBR001") AssertRefused([.. start, .. Convert.FromHexString(hex), .. new byte[64]]);

        void AssertRefused(byte[] frame)
        {
            var error = Assert.Throws<DecodingException>(() => FrameDecoder.Decode(frame));
            Assert.Equal(code, error.Code);
            Assert.InRange(error.Offset, start.Length, start.Length + hex.Length / 2);
            Assert.Contains($"at byte {error.Offset}", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(64)]
    public void Text_is_checked_to_its_last_byte_and_no_further(int following)
    {
        foreach (var length in Enumerable.Range(0, 140))
        {
            byte[] text = [.. Head(length), .. Enumerable.Repeat((byte)'a', length), .. Enumerable.Repeat((byte)0xff, following)];
            Assert.Equal(length, new CborReader(text).ReadText("text").Length);
            for (var i = 0; i < length; i++)
            {
                var damaged = text.ToArray();
                damaged[Head(length).Length + i] = 0xff;
                Assert.Equal("CBR004", Assert.Throws<DecodingException>(() => { new CborReader(damaged).ReadText("text"); }).Code);
            }
        }

        static byte[] Head(int length) => length < 24 ? [(byte)(0x60 | length)] : [0x78, (byte)length];
    }

    [Theory]
    [InlineData("d82a5825000171122000", "CBR001")]     // a usual link cut off
    [InlineData("d82a582500017112", "CBR001")]
    [InlineData("d82a58250002", "CBR005")]             // of a version that there is not
    [InlineData("d82a58250101", "CBR005")]
    public void A_link_that_starts_as_usual_is_read_to_its_end(string hex, string code)
    {
        var link = Convert.FromHexString(hex);
        if (code == "CBR005") link = [.. link, .. new byte[64]];
        Assert.Equal(code, Assert.Throws<DecodingException>(() => { new CborReader(link).ReadLink("a link"); }).Code);
    }

    [Theory]
    [InlineData(0x81)]
    [InlineData(0xa1)]
    public void Sixty_four_levels_are_read_and_ten_thousand_are_refused(byte opening)
    {
        // The body's map is the first level.
        FrameDecoder.Decode(Nested(opening, CborReader.MaxDepth - 1));
        Assert.Equal("CBR002", Assert.Throws<DecodingException>(() => FrameDecoder.Decode(Nested(opening, CborReader.MaxDepth))).Code);
        Assert.Equal("CBR002", Assert.Throws<DecodingException>(() => FrameDecoder.Decode(Nested(opening, 10_000))).Code);
    }

    [Theory]
    [InlineData("5b8000000000000000")]
    [InlineData("9b0000000100000000")]
    [InlineData("bb0000000100000000")]
    [InlineData("9a0fffffff")]
    public void Nothing_is_allocated_from_a_declared_length(string hex)
    {
        byte[] frame = [.. TestFrame.Header(), 0xa1, 0x63, (byte)'o', (byte)'p', (byte)'s', .. Convert.FromHexString(hex)];
        Assert.Throws<DecodingException>(() => FrameDecoder.Decode(frame));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<DecodingException>(() => FrameDecoder.Decode(frame));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
    }

    /// <summary>An info whose field `name` is right and whose field `z` is nested.</summary>
    private static byte[] Nested(byte opening, int levels)
    {
        byte[] level = opening == 0x81 ? [opening] : [opening, 0x61, (byte)'a'];
        return [.. TestFrame.Header(1, "#info"), 0xa2, 0x61, (byte)'z', .. Enumerable.Repeat(level, levels).SelectMany(part => part), 0xf6, 0x64, .. "name"u8, 0x61, (byte)'n'];
    }
}
