namespace Apps.Tests;

/// <summary>The files of `data/`, copied beside the tests.</summary>
internal static class TestData
{
    public static string PathOf(params string[] parts) => Path.Combine([AppContext.BaseDirectory, "data", .. parts]);

    /// <summary>The lines of a vector file without comments and blank ones; spaces inside and around are part of the vector.</summary>
    public static IEnumerable<string> Vectors(string file) =>
        File.ReadLines(PathOf("atproto-interop", "syntax", file)).Where(line => line.Length > 0 && !line.StartsWith('#'));
}
