using Firehose.Reading;

namespace Apps.Tests.Firehose.Reading;

public sealed class RecordedFramesTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Frames_come_one_after_the_other()
    {
        File.WriteAllBytes(_path, [0, 0, 0, 1, 7, 0, 0, 0, 2, 8, 9]);
        Assert.Equal(["07", "0809"], RecordedFrames.Read(_path).Select(frame => Convert.ToHexString(frame.Span)));
    }

    [Theory]
    [InlineData("000000")]
    [InlineData("0000000207")]
    [InlineData("00000000")]
    [InlineData("7fffffff07")]
    public void A_damaged_recording_says_so(string hex)
    {
        File.WriteAllBytes(_path, Convert.FromHexString(hex));
        Assert.Throws<InvalidDataException>(() => RecordedFrames.Read(_path).ToList());
    }
}
