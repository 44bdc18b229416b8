using Firehose.Decoding;

namespace Apps.Tests.Firehose.Decoding;

public sealed class CidTests
{
    [Theory]
    [InlineData("bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq", 0x71)]
    [InlineData("bafkreiccldh766hwcnuxnf2wh6jgzepf2nlu2lvcllt63eww5p6chi4ity", 0x55)]
    public void Text_and_bytes_are_two_forms_of_one_cid(string text, byte codec)
    {
        Assert.True(Cid.TryParse(text, out var cid));
        Assert.Equal(codec, cid.Codec);
        Assert.Equal(text, cid.ToString());
        var bytes = new byte[Cid.ByteLength];
        cid.WriteTo(bytes);
        Assert.True(Cid.TryRead(bytes, out var again));
        Assert.Equal(cid, again);
        Assert.Equal(cid.GetHashCode(), again.GetHashCode());
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi")]    // another codec
    [InlineData("bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabw")]
    [InlineData("bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwqa")]
    [InlineData("BAFYREICLP443LAVOGVHJ3D2OB2CXBFUSCNI2K5JK7BEBJZG7KHL3ESABWQ")]
    [InlineData("bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwr")]    // left-over bits
    [InlineData("bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esab1q")]
    public void Other_text_is_no_cid(string? text) => Assert.False(Cid.TryParse(text, out _));

    [Fact]
    public void The_default_names_nothing()
    {
        Assert.True(default(Cid).IsDefault);
        Assert.Equal("", default(Cid).ToString());
        Assert.False(default(Cid).Names([]));
        Assert.False(default(Cid).Starts(new byte[Cid.ByteLength]));
        Assert.Throws<InvalidOperationException>(() => default(Cid).WriteTo(new byte[Cid.ByteLength]));
    }
}
