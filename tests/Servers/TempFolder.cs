namespace Servers;

/// <summary>Removes a server's folder while its last children may still write to it.</summary>
internal static class TempFolder
{
    private const int Attempts = 50;

    public static async Task DeleteAsync(string folder)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
                return;
            }
            catch (DirectoryNotFoundException) when (!Directory.Exists(folder))
            {
                return;
            }
            catch (IOException) when (attempt < Attempts)
            {
                // A backend notices a moment later that its parent is gone, and nothing signals its end.
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }
    }
}
